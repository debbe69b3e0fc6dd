from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.events.ports import DeadLetters, History, Outbox, Subscriptions
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.retention.ports import RetentionStore
from hexaccount.signing_keys.ports import SigningKeys
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork
from hexaccount_filestore.allowances import FileRateLimitStore
from hexaccount_filestore.book import Handle
from hexaccount_filestore.clearing import FileClearing
from hexaccount_filestore.history import FileHistory
from hexaccount_filestore.outbox import FileOutbox
from hexaccount_filestore.signing_keys import FileSigningKeys
from hexaccount_filestore.stored_profiles import FileStoredProfiles
from hexaccount_filestore.subscriptions import FileSubscriptions
from hexaccount_filestore.unit_of_work import FileUnitOfWork


class FileStore(Store):
    """A handle on a file; nothing is opened before it is used, and the handles of one process share the file."""

    def __init__(self, path: Path, recorder: EventRecorder) -> None:
        """Take the file, and who makes journal entries."""
        self._handle = Handle(path)
        self._recorder = recorder
        self._outbox = FileOutbox(self._handle)
        self._clearing = FileClearing(self._handle)
        self._signing_keys = FileSigningKeys(self._handle)
        self._allowances = FileRateLimitStore(self._handle)

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    @property
    def dead_letters(self) -> DeadLetters:
        return self._outbox

    @property
    def subscriptions(self) -> Subscriptions:
        return FileSubscriptions(self._handle)

    @property
    def history(self) -> History:
        return FileHistory(self._handle)

    @property
    def stored_profiles(self) -> StoredProfiles:
        return FileStoredProfiles(self._handle)

    @property
    def retention_store(self) -> RetentionStore:
        return self._clearing

    @property
    def signing_keys(self) -> SigningKeys:
        return self._signing_keys

    @property
    def rate_limits(self) -> RateLimitStore:
        return self._allowances

    @property
    def commits(self) -> CommitSignal:
        return self._handle.commits

    def unit_of_work(self) -> UnitOfWork:
        return FileUnitOfWork(self._handle, self._recorder)

    def check(self) -> None:
        _ = self._handle.book

    def watch(self) -> None:
        # Who has the book open hears of the commits of all handles, and no other process can make one.
        _ = self._handle.book

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
        """Return a handle on the file that filestore:///var/lib/accounts.journal names; raises ValueError."""
        parts = urlsplit(url)
        if parts.netloc or not parts.path.strip("/") or parts.query or parts.fragment:
            raise ValueError(
                "name the file from the root, after three slashes, as in filestore:///var/lib/accounts.journal"
            )
        return FileStore(Path(unquote(parts.path)), recorder)


open_store = FileStoreOpener()
