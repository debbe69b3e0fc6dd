from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_filestore.database import Handle
from hexaccount_filestore.history import FileHistory
from hexaccount_filestore.outbox import FileOutbox
from hexaccount_filestore.rate_limits import FileRateLimitStore
from hexaccount_filestore.retention import FileRetentionStore
from hexaccount_filestore.signing_keys import FileSigningKeys
from hexaccount_filestore.stored_profiles import FileStoredProfiles
from hexaccount_filestore.subscriptions import FileSubscriptions
from hexaccount_filestore.unit_of_work import FileUnitOfWork


class FileStore:
    """The port `Store` on one file; it opens the file at first use, and the stores of one process share it."""

    def __init__(self, path: Path, recorder: EventRecorder) -> None:
        self._handle = Handle(path)
        self._recorder = recorder
        self.outbox = self.dead_letters = FileOutbox(self._handle)
        self.subscriptions = FileSubscriptions(self._handle)
        self.history = FileHistory(self._handle)
        self.stored_profiles = FileStoredProfiles(self._handle)
        self.retention_store = FileRetentionStore(self._handle)
        self.signing_keys = FileSigningKeys(self._handle)
        self.rate_limits = FileRateLimitStore(self._handle)

    @property
    def commits(self) -> CommitSignal:
        return self._handle.commits

    def unit_of_work(self) -> StoreUnitOfWork:
        return FileUnitOfWork(self._handle, self._recorder)

    def check(self) -> None:
        _ = self._handle.database  # opens it

    def is_behind(self) -> bool:
        return False

    def watch(self) -> None:
        # An open database signals the commits of all its handles, and no other process can commit.
        _ = self._handle.database

    def migrate(self) -> str:
        self._handle.create()
        return "1"

    def close(self) -> None:
        self._handle.close()


@dataclass(frozen=True, slots=True)
class FileStoreOpener:
    """Opens stores by their URLs; `one_process` keeps hexaccount from starting a second worker on one."""

    one_process: bool = True

    def __call__(self, url: str, recorder: EventRecorder) -> Store:
        """Return the store of a URL like filestore:///var/lib/accounts.journal; raises ValueError."""
        parts = urlsplit(url)
        if parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                "name the file from the root, after three slashes, as in filestore:///var/lib/accounts.journal"
            )
        return FileStore(Path(unquote(parts.path)), recorder)


open_store = FileStoreOpener()
