from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_mongo.connections import open_database
from hexaccount_mongo.dead_letters import MongoDeadLetters
from hexaccount_mongo.history import MongoHistory
from hexaccount_mongo.migration import check_schema, is_behind, migrate
from hexaccount_mongo.outbox import MongoOutbox
from hexaccount_mongo.rate_limits import MongoRateLimitStore
from hexaccount_mongo.retention import MongoRetentionStore
from hexaccount_mongo.subscriptions import MongoSubscriptions
from hexaccount_mongo.transaction import MongoTransaction


class MongoStore:
    """The port `Store` on a replica set of MongoDB (`mongodb://host/database`); it connects at first use."""

    _open_database = staticmethod(open_database)  # handles of a subclass may share a client

    def __init__(
        self,
        url: str,
        *,
        recorder: EventRecorder,
        records: RecordSchema,
        metrics: Metrics = NO_METRICS,
    ) -> None:
        self._records = records
        self._recorder = recorder
        self._database = self._open_database(url, metrics)
        self.commits = CommitSignal()
        self.outbox = MongoOutbox(self._database, self.commits)
        self.dead_letters = MongoDeadLetters(self._database, self.commits)
        self.subscriptions = MongoSubscriptions(self._database)
        self.history = MongoHistory(self._database)
        self.retention_store = MongoRetentionStore(self._database)
        self.rate_limits = MongoRateLimitStore(self._database)

    def unit_of_work(self) -> StoreUnitOfWork:
        return StoreUnitOfWork(MongoTransaction(self._database), self._recorder, self.commits)

    def check(self) -> None:
        check_schema(self._database, self._records)

    def is_behind(self) -> bool:
        return is_behind(self._database)

    def watch(self) -> bool:
        """Return False: relays poll for commits of other processes."""
        return False

    def migrate(self) -> str:
        return migrate(self._database, self._records)

    def close(self) -> None:
        self._database.close()
