from hexaccount.accounts.ports import StoredProfiles
from hexaccount.events.ports import DeadLetters, History, Outbox, Subscriptions
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.retention.ports import RetentionStore
from hexaccount.signing_keys.ports import SigningKeys
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork
from hexaccount_memory.allowances import MemoryRateLimitStore
from hexaccount_memory.clearing import MemoryClearing
from hexaccount_memory.history import MemoryHistory
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.signing_keys import MemorySigningKeys
from hexaccount_memory.stored_profiles import MemoryStoredProfiles
from hexaccount_memory.subscriptions import MemorySubscriptions
from hexaccount_memory.tables import Tables
from hexaccount_memory.unit_of_work import MemoryUnitOfWork


class MemoryStore(Store):
    """A store that lives as long as its process, for one process only."""

    def __init__(self, recorder: EventRecorder) -> None:
        self._recorder = recorder
        self._tables = Tables()
        self._commits = CommitSignal()
        self._outbox = MemoryOutbox(self._tables, self._commits)
        self._allowances = MemoryRateLimitStore()

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    @property
    def dead_letters(self) -> DeadLetters:
        return self._outbox

    @property
    def subscriptions(self) -> Subscriptions:
        return MemorySubscriptions(self._tables)

    @property
    def history(self) -> History:
        return MemoryHistory(self._tables)

    @property
    def stored_profiles(self) -> StoredProfiles:
        return MemoryStoredProfiles(self._tables)

    @property
    def retention_store(self) -> RetentionStore:
        return MemoryClearing(self._tables)

    @property
    def signing_keys(self) -> SigningKeys:
        return MemorySigningKeys(self._tables)

    @property
    def commits(self) -> CommitSignal:
        return self._commits

    @property
    def rate_limits(self) -> RateLimitStore:
        return self._allowances

    def unit_of_work(self) -> UnitOfWork:
        return MemoryUnitOfWork(self._tables, self._recorder, self._commits)

    def check(self) -> None:
        """Return: memory is always there."""

    def watch(self) -> None:
        """Return: there is no other process."""

    def migrate(self) -> str:
        """Return the name of the only schema there is."""
        return "memory"

    def close(self) -> None:
        """Return: there is nothing to let go of."""
