from hexaccount.accounts.ports import StoredProfiles
from hexaccount.events.ports import DeadLetters, History, Outbox, Subscriptions
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.retention.ports import RetentionStore
from hexaccount.signing_keys.ports import SigningKeys
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork
from hexaccount_mongo.allowances import MongoRateLimitStore
from hexaccount_mongo.clearing import MongoClearing
from hexaccount_mongo.connections import open_database
from hexaccount_mongo.history import MongoHistory
from hexaccount_mongo.migration import check_schema, is_behind, migrate
from hexaccount_mongo.outbox import MongoOutbox
from hexaccount_mongo.set_aside import MongoSetAsideDeliveries
from hexaccount_mongo.signing_keys import MongoSigningKeys
from hexaccount_mongo.stored_profiles import MongoStoredProfiles
from hexaccount_mongo.subscriptions import MongoSubscriptions
from hexaccount_mongo.unit_of_work import MongoUnitOfWork


class MongoStore(Store):
    """The store on a replica set of MongoDB (`mongodb://host/database`); it connects at first use."""

    def __init__(self, url: str, *, recorder: EventRecorder, metrics: Metrics = NO_METRICS) -> None:
        self._recorder = recorder
        self._database = open_database(url, metrics)
        self._commits = CommitSignal()
        self._outbox = MongoOutbox(self._database, self._commits)
        self._set_aside = MongoSetAsideDeliveries(self._database, self._commits)
        self._allowances = MongoRateLimitStore(self._database)

    @property
    def outbox(self) -> Outbox:
        return self._outbox

    @property
    def dead_letters(self) -> DeadLetters:
        return self._set_aside

    @property
    def subscriptions(self) -> Subscriptions:
        return MongoSubscriptions(self._database)

    @property
    def history(self) -> History:
        return MongoHistory(self._database)

    @property
    def stored_profiles(self) -> StoredProfiles:
        return MongoStoredProfiles(self._database)

    @property
    def retention_store(self) -> RetentionStore:
        return MongoClearing(self._database)

    @property
    def signing_keys(self) -> SigningKeys:
        return MongoSigningKeys(self._database)

    @property
    def rate_limits(self) -> RateLimitStore:
        return self._allowances

    @property
    def commits(self) -> CommitSignal:
        return self._commits

    def unit_of_work(self) -> UnitOfWork:
        return MongoUnitOfWork(self._database, self._recorder, self._commits)

    def check(self) -> None:
        check_schema(self._database)

    def is_behind(self) -> bool:
        return is_behind(self._database)

    def watch(self) -> None:
        """Return: who delivers hears of commits elsewhere by looking again and again."""

    def migrate(self) -> str:
        return migrate(self._database)

    def close(self) -> None:
        self._database.close()
