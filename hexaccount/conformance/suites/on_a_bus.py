"""The whole service on the store under test: its real handlers, its real relays, hashes of the lowest cost."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from threading import Thread

from hexaccount.bootstrap.handlers import build_handlers, handling_subscribers, replay_targets
from hexaccount.conformance.suites.races import PATIENCE
from hexaccount.events.ports import EventPublisher
from hexaccount.events.relay import Relay, RelayPolicy
from hexaccount.events.subscribers import PublishingSubscriber, Subscriber
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.clock import Clock
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.rate_limits.policies import limits
from hexaccount.rate_limits.rate_limiter import RateLimiter
from hexaccount.registration.register_user import RegisterUser
from hexaccount.retention.apply_retention import Retention
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory
from hexaccount_security import (
    BcryptHasher,
    HashingLane,
    HmacDeviceTokens,
    HmacFingerprints,
    JwtIssuer,
    KeyRing,
    SealingSmith,
    ZxcvbnCommonPasswords,
    seed_key,
)
from hexaccount_system import SystemClock, Uuid7Identifiers

PASSWORD = "correct horse battery"
LIFETIMES = Lifetimes(
    access=timedelta(hours=1), idle=timedelta(hours=2), absolute=timedelta(days=1), grace=timedelta(seconds=10)
)
_KEY = b"a key that signs nothing but what tests ask for"
_SMITH = SealingSmith(seed_key(_KEY))


@dataclass(frozen=True, slots=True)
class BusParts:
    """What the buses of one test share, so that a token of one is known to the other."""

    lane: HashingLane
    executor: ThreadPoolExecutor

    def bus_on(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        grace: timedelta = LIFETIMES.grace,
        unit_of_work: UnitOfWorkFactory | None = None,
    ) -> Bus:
        """Return a bus whose handlers work on this handle, in its own units of work or these."""
        handlers = build_handlers(
            unit_of_work=unit_of_work or store.unit_of_work,
            history=store.history,
            replay_targets=replay_targets(subscribers=[], store=store),
            subscriptions=store.subscriptions,
            outbox=store.outbox,
            known_subscribers=(),
            retention_store=store.retention_store,
            retention=Retention(ended=timedelta(days=30), refresh_grace=grace),
            hasher=BcryptHasher(4, self.lane),
            common_passwords=ZxcvbnCommonPasswords(),
            tokens=JwtIssuer(KeyRing(_SMITH), issuer="contract", audience="contract", client_id="contract"),
            keys=store.signing_keys,
            key_factory=_SMITH,
            clock=clock or SystemClock(),
            identifiers=Uuid7Identifiers(),
            lifetimes=replace(LIFETIMES, grace=grace),
            roles=RoleRegistry({}),
            fingerprints=HmacFingerprints(_KEY),
            idempotency_lifetime=timedelta(days=1),
            throttle=_generous_guard(store),
        )
        return Bus(handlers, executor=self.executor)


def _generous_guard(store: Store) -> LoginThrottle:
    """Return a guard that counts as every other, and has no reason to refuse."""
    rate_limiter = RateLimiter(
        limits=limits(10_000),
        shared=store.rate_limits,
        local=store.rate_limits,
        fingerprints=HmacFingerprints(_KEY),
        clock=SystemClock(),
    )
    return LoginThrottle(rate_limiter, HmacDeviceTokens(_KEY))


@contextmanager
def bus_parts() -> Iterator[BusParts]:
    """Give the parts of buses for the block."""
    lane = HashingLane(slots=2, queue=64)
    with ThreadPoolExecutor(2) as executor:
        try:
            yield BusParts(lane, executor)
        finally:
            lane.close()


@contextmanager
def running_relays(store: Store, publisher: EventPublisher, each: int = 2) -> Iterator[None]:
    """Have every subscriber of the service, and a publisher, served by `each` relay threads during the block."""
    clock = SystemClock()
    subscribers: list[Subscriber] = [
        *handling_subscribers(unit_of_work=store.unit_of_work, clock=clock),
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
            thread.join(PATIENCE)
    assert not any(thread.is_alive() for thread in threads), "a relay did not stop"


def registration(name: str) -> RegisterUser:
    """Return the command that opens an account of this name."""
    return RegisterUser.of_text(
        user_name=name, email=f"{name}@example.org", first_name="Ada", last_name="Lovelace", password=PASSWORD
    )
