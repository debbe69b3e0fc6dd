"""Message buses with the real handlers and relays on the store under test; password hashes have the lowest cost."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Thread
from typing import Any

from hexaccount.accounts.role import Role
from hexaccount.archive.ports import Archives
from hexaccount.bootstrap.archives import ArchivesOnDemand
from hexaccount.bootstrap.capabilities import OURS, record_schema
from hexaccount.bootstrap.injector import Injector
from hexaccount.conformance.suites.races import TIMEOUT_SECONDS
from hexaccount.events.ports import (
    DeadLetters,
    EventPublisher,
    EventsUnitOfWork,
    History,
    Outbox,
    ReadableHistory,
    Subscriptions,
)
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount.events.replay import ReplayTargets
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber, SubscriberNames
from hexaccount.idempotency.idempotency_keys import IdempotencyKeys
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import UnitOfWorkFactory
from hexaccount.mail.mail_policy import MailPolicy
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import DeviceTokens, PasswordHasher
from hexaccount.personal_data.encryption import PersonalData
from hexaccount.personal_data.key_store import KeyStore
from hexaccount.personal_data.ports import AccountCipher
from hexaccount.rate_limits.rate_limiter import RateLimiter
from hexaccount.registration.register_user import RegisterUser
from hexaccount.retention.ports import RetentionStore
from hexaccount.retention.retention import Retention
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.ports import NoSessionCache, SessionCache, TokenIssuer
from hexaccount.sessions.session_limit import SessionLimit
from hexaccount.signing_keys.ports import KeyFactory
from hexaccount.store_kit.store import Store
from hexaccount_memory import MemoryRateLimitStore
from hexaccount_security import (
    BcryptHasher,
    EncryptedDeviceTokens,
    EncryptedKeyFactory,
    HashingPool,
    HmacFingerprints,
    JwtIssuer,
    KeyRing,
    RootedAccountCipher,
    ZxcvbnEstimator,
    root_key,
)
from hexaccount_system import SystemClock, Uuid7Identifiers

PASSWORD = "plum zebra ox"
"""Short, as estimating its strength takes time by the square of its length."""
LIFETIMES = Lifetimes(
    access=timedelta(hours=1), idle=timedelta(hours=2), absolute=timedelta(days=1), grace=timedelta(seconds=10)
)
_KEY = b"the key that signs the tokens of the tests"
_KEY_FACTORY = EncryptedKeyFactory(root_key(_KEY))
_CIPHER = RootedAccountCipher(lambda: [root_key(_KEY)])

_MAIL = MailPolicy(configured=False, link_base="", domain="contract.example", lifetimes={})
_KEPT = {"clearing.retention": timedelta(days=30), "clearing.events": timedelta(days=400)}


@dataclass(frozen=True, slots=True)
class BusFactory:
    """Creates buses that accept each other's tokens."""

    pool: HashingPool

    def create_bus(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        grace: timedelta = LIFETIMES.grace,
        maximum: int = 100,
        limit_factor: float = 10_000,
        unit_of_work: UnitOfWorkFactory[EventsUnitOfWork] | None = None,
    ) -> MessageBus:
        """Return a bus on this handle, which uses `unit_of_work` in place of the store's if given.

        `maximum` is the number of sessions that an account may have, and `limit_factor` by how much more often rate
        limits admit attempts than in the service: by default they count and never refuse.
        """
        bindings: dict[Any, Callable[[], Any]] = {
            UnitOfWorkFactory: lambda: unit_of_work or store.unit_of_work,
            History: lambda: store.history,
            ReadableHistory: lambda: store.history,
            AccountCipher: lambda: _CIPHER,
            PersonalData: lambda: PersonalData(_CIPHER),
            KeyStore: KeyStore,
            ReplayTargets: ReplayTargets,
            Subscriptions: lambda: store.subscriptions,
            Outbox: lambda: store.outbox,
            DeadLetters: lambda: store.dead_letters,
            SubscriberNames: SubscriberNames,
            RetentionStore: lambda: store.retention_store,
            Archives: ArchivesOnDemand,
            MailPolicy: lambda: _MAIL,
            RecordSchema: record_schema,
            Retention: lambda: Retention({**_KEPT, "session.refresh_grace": grace}),
            PasswordHasher: lambda: BcryptHasher(4, self.pool),
            PasswordPolicy: lambda: PasswordPolicy(8, 10**8, ZxcvbnEstimator(self.pool)),
            TokenIssuer: lambda: JwtIssuer(
                KeyRing(_KEY_FACTORY), issuer="contract", audience="contract", client_id="contract"
            ),
            KeyFactory: lambda: _KEY_FACTORY,
            Clock: lambda: clock or SystemClock(),
            Identifiers: Uuid7Identifiers,
            Lifetimes: lambda: replace(LIFETIMES, grace=grace),
            SessionLimit: lambda: SessionLimit(maximum),
            RoleRegistry: lambda: RoleRegistry({}),
            IdempotencyKeys: lambda: IdempotencyKeys(
                unit_of_work=unit_of_work or store.unit_of_work,
                fingerprints=HmacFingerprints(_KEY),
                clock=clock or SystemClock(),
                lifetime=timedelta(days=1),
            ),
            SessionCache: NoSessionCache,
            DeviceTokens: lambda: EncryptedDeviceTokens(_KEY),
            RateLimiter: lambda: _limiter(store, clock or SystemClock(), limit_factor),
            Fingerprints: lambda: HmacFingerprints(_KEY),
        }
        handlers = Injector(bindings, OURS).handlers()
        return MessageBus(handlers)


def _limiter(store: Store, clock: Clock, factor: float) -> RateLimiter:
    fingerprints = HmacFingerprints(_KEY)
    return RateLimiter(
        shared=store.rate_limits, local=MemoryRateLimitStore(), fingerprints=fingerprints, clock=clock, factor=factor
    )


@contextmanager
def open_bus_factory() -> Iterator[BusFactory]:
    """Close the hashing threads after the block."""
    pool = HashingPool(slots=2, queue=64)
    try:
        yield BusFactory(pool)
    finally:
        pool.close()


@contextmanager
def running_relays(store: Store, publisher: EventPublisher, each: int = 2) -> Iterator[None]:
    """Run `each` relay threads for every subscriber of the service and for a publisher, during the block."""
    clock = SystemClock()
    injector = Injector({UnitOfWorkFactory: lambda: store.unit_of_work, Clock: lambda: clock}, OURS)
    subscribers: list[Subscriber] = [
        *(injector.subscriber(each) for room in OURS for each in room.event_handlers if each.needs is None),
        PublishingSubscriber(name="publisher", publisher=publisher),
    ]
    policy = RelayPolicy(poll=timedelta(milliseconds=50))
    relays = [
        Relay(subscriber, outbox=store.outbox, commits=store.commits, clock=clock, policy=policy)
        for subscriber in subscribers
        for _ in range(each)
    ]
    for subscriber in subscribers:
        store.outbox.subscribe(subscriber.name, subscriber.event_types)
    threads = [Thread(target=relay.run) for relay in relays]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for relay in relays:
            relay.stop()
        for thread in threads:
            thread.join(TIMEOUT_SECONDS)
    assert not any(thread.is_alive() for thread in threads), "a relay did not stop"


def registration(name: str, role: Role = Role.USER) -> RegisterUser:
    """Return the command that registers this name."""
    return RegisterUser.of_text(
        user_name=name,
        email=f"{name}@example.org",
        first_name="Ada",
        last_name="Lovelace",
        password=PASSWORD,
        role=role,
    )
