from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_filestore.database import Handle
from hexaccount_filestore.history import FileHistory
from hexaccount_filestore.outbox import FileOutbox
from hexaccount_filestore.rate_limits import FileRateLimitStore
from hexaccount_filestore.retention import FileRetentionStore
from hexaccount_filestore.subscriptions import FileSubscriptions
from hexaccount_filestore.transaction import FileTransaction


class FileStore:
    """The port `Store` on one file; it opens the file at first use, and the stores of one process share it."""

    def __init__(self, path: Path, recorder: EventRecorder) -> None:
        self._handle = Handle(path)
        self._recorder = recorder
        self.commits = self._handle.commits
        self.outbox = self.dead_letters = FileOutbox(self._handle)
        self.subscriptions = FileSubscriptions(self._handle)
        self.history = FileHistory(self._handle)
        self.retention_store = FileRetentionStore(self._handle)
        self.rate_limits = FileRateLimitStore(self._handle)

    def unit_of_work(self) -> StoreUnitOfWork:
        return StoreUnitOfWork(FileTransaction(self._handle), self._recorder, self.commits)

    def check(self) -> None:
        _ = self._handle.database  # opens it

    def is_behind(self) -> bool:
        return False

    def watch(self) -> bool:
        """Return True: all handles on a file have one signal, and no other process can commit."""
        return True

    def migrate(self) -> str:
        self._handle.create()
        return "2"

    def close(self) -> None:
        self._handle.close()


@dataclass(frozen=True, slots=True)
class FileStoreOpener:
    """Opens stores by their URLs; `one_process` keeps hexaccount from starting a second worker on one.

    `port_version` is the version of the port `Store` for which this package was written.
    """

    one_process: bool = True
    port_version: int = 1

    def __call__(self, url: str, recorder: EventRecorder, _records: RecordSchema) -> Store:
        """Return the store of a URL like filestore:///var/lib/accounts.journal; raises ValueError."""
        parts = urlsplit(url)
        if parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                "name the file from the root, after three slashes, as in filestore:///var/lib/accounts.journal"
            )
        return FileStore(Path(unquote(parts.path)), recorder)


open_store = FileStoreOpener()
