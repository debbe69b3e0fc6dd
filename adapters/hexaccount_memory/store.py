from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_memory.history import MemoryHistory
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.rate_limits import MemoryRateLimitStore
from hexaccount_memory.retention import MemoryRetentionStore
from hexaccount_memory.subscriptions import MemorySubscriptions
from hexaccount_memory.tables import Tables
from hexaccount_memory.transaction import MemoryTransaction


class MemoryStore:
    """The port `Store` in the memory of one process; it ends with the process."""

    def __init__(self, recorder: EventRecorder) -> None:
        self._recorder = recorder
        self._tables = Tables()
        self.commits = CommitSignal()
        self.outbox = self.dead_letters = MemoryOutbox(self._tables, self.commits)
        self.subscriptions = MemorySubscriptions(self._tables)
        self.history = MemoryHistory(self._tables)
        self.retention_store = MemoryRetentionStore(self._tables)
        self.rate_limits: RateLimitStore = MemoryRateLimitStore()

    def unit_of_work(self) -> StoreUnitOfWork:
        return StoreUnitOfWork(MemoryTransaction(self._tables), self._recorder, self.commits)

    def check(self) -> None:
        """Do nothing: memory is always available."""

    def is_behind(self) -> bool:
        """Return False: there is one schema only."""
        return False

    def watch(self) -> bool:
        """Return True: no other process can commit."""
        return True

    def migrate(self) -> str:
        return "memory"

    def close(self) -> None:
        """Do nothing: memory has no connections."""
