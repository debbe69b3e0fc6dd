"""Binds the ports to the adapters that the settings choose; only bootstrap sees the container."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dependency_injector import containers, providers

from hexaccount.accounts.role import Role
from hexaccount.archive.ports import Archives
from hexaccount.bootstrap.archives import ArchivesOnDemand
from hexaccount.bootstrap.artist import ArtistOnDemand
from hexaccount.bootstrap.capabilities import all_capabilities, periods, record_schema
from hexaccount.bootstrap.hashers import open_hasher
from hexaccount.bootstrap.injector import Injector
from hexaccount.bootstrap.mail import mail_policy
from hexaccount.bootstrap.mail_templates import open_templates
from hexaccount.bootstrap.mailers import open_mailer
from hexaccount.bootstrap.personal_data import account_cipher, key_store_of, open_key_store
from hexaccount.bootstrap.publishers import open_publishers
from hexaccount.bootstrap.rate_limits import host_rate_limits
from hexaccount.bootstrap.security import (
    device_tokens,
    fingerprints,
    hashing_pool,
    key_factory,
    password_policy,
    ring,
    security_log,
    tokens,
)
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import open_store
from hexaccount.bootstrap.subscribers import all_subscribers, known_subscribers
from hexaccount.events.event_metrics import EventMetrics
from hexaccount.events.ports import DeadLetters, History, Outbox, ReadableHistory, Subscriptions
from hexaccount.events.replay import ReplayTargets, SubscriberReplay
from hexaccount.events.subscribers import Subscriber, SubscriberNames
from hexaccount.idempotency.idempotency_keys import IdempotencyKeys
from hexaccount.kernel.bus import MessageBus, Middleware
from hexaccount.kernel.capability import Capability
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.identifiers import Identifiers
from hexaccount.kernel.message_log import log_messages
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import UnitOfWorkFactory
from hexaccount.mail.mail_policy import MailPolicy
from hexaccount.mail.ports import Mailer, MailTemplates
from hexaccount.observability.message_metrics import MessageMetrics
from hexaccount.observability.security_log import SecurityLog
from hexaccount.passwords.password_policy import PasswordPolicy
from hexaccount.passwords.ports import DeviceTokens, PasswordHasher
from hexaccount.personal_data.encryption import PersonalData
from hexaccount.personal_data.key_store import KeyStore
from hexaccount.personal_data.ports import AccountCipher
from hexaccount.personal_data.readable import DecryptedHistory
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.rate_limits.rate_limiter import RateLimiter
from hexaccount.retention.ports import RetentionStore
from hexaccount.retention.retention import Retention
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.cache_invalidation import CacheInvalidation
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.ports import NoSessionCache, SessionCache, TokenIssuer
from hexaccount.sessions.session_limit import SessionLimit
from hexaccount.signing_keys.ports import KeyFactory
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock, Uuid7Identifiers

if TYPE_CHECKING:
    from hexaccount_otel import Traces
    from hexaccount_prometheus import PrometheusMetrics
    from hexaccount_redis import RedisClient

# The function that makes an adapter imports it, so that nothing unused is imported at start.


def _local_rate_limits() -> RateLimitStore:
    from hexaccount_memory import MemoryRateLimitStore

    return MemoryRateLimitStore()


def _redis_client(settings: Settings, metrics: Metrics, traces: "Traces | None") -> "RedisClient":
    from hexaccount_redis import RedisClient

    if traces is None:
        return RedisClient(settings.cache or "", metrics)
    return RedisClient(settings.cache or "", metrics, traces.redis_client())


def _prometheus() -> "PrometheusMetrics":
    from hexaccount_prometheus import PrometheusMetrics

    return PrometheusMetrics()


def _redis_session_cache(client: "RedisClient") -> SessionCache:
    from hexaccount_redis import RedisSessionCache

    return RedisSessionCache(client)


def _redis_rate_limits(client: "RedisClient") -> RateLimitStore:
    from hexaccount_redis import RedisRateLimitStore

    return RedisRateLimitStore(client)


def _lifetimes(settings: Settings) -> Lifetimes:
    session = settings.session
    return Lifetimes(
        access=timedelta(seconds=session.access_lifetime),
        idle=timedelta(seconds=session.idle_lifetime),
        absolute=timedelta(seconds=session.absolute_lifetime),
        grace=timedelta(seconds=session.refresh_grace),
    )


def _roles(settings: Settings, capabilities: Sequence[Capability]) -> RoleRegistry:
    declared = {permission for capability in capabilities for permission in capability.permissions}
    further = {Role(name): [Permission(each) for each in names] for name, names in settings.roles.items()}
    return RoleRegistry(further, frozenset(declared))


def _retention(settings: Settings, records: RecordSchema) -> Retention:
    """Return the durations of the settings that declarations name; raises TypeError for one that is no duration."""
    names = [name for name in periods(records) if isinstance(name, str)]
    return Retention({name: timedelta(seconds=settings.seconds(name)) for name in names})


def _recorder(
    settings: Settings,
    identifiers: Identifiers,
    session_cache: SessionCache,
    security_log: SecurityLog,
    personal_data: PersonalData,
    _capabilities: Sequence[Capability],  # their events are registered once they are imported
) -> EventRecorder:
    """Return the event recorder; the cache is invalidated before each commit and once more after it."""
    invalidate = [] if settings.cache is None else [CacheInvalidation(session_cache)]
    count = [] if security_log.metrics is NO_METRICS else [EventMetrics(security_log.metrics)]
    return EventRecorder(
        identifiers,
        settings.event_source,
        before_commit=invalidate,
        on_commit=[*invalidate, *count, security_log.committed],
        personal_data=personal_data,
    )


def _idempotency_keys(store: Store, fingerprints: Fingerprints, clock: Clock, settings: Settings) -> IdempotencyKeys:
    return IdempotencyKeys(
        unit_of_work=store.unit_of_work,
        fingerprints=fingerprints,
        clock=clock,
        lifetime=timedelta(seconds=settings.idempotency.lifetime),
    )


def _middleware(traces: "Traces | None", metrics: Metrics, security_log: SecurityLog) -> list[Middleware]:
    """Return the middleware of the bus, outermost first."""
    traced: list[Middleware] = [] if traces is None else [traces.messages]
    counted: list[Middleware] = [] if metrics is NO_METRICS else [MessageMetrics(metrics)]
    return [*traced, *counted, security_log, log_messages]


# The ports that the store implements itself, by the names of its properties.
_OF_STORE = {
    UnitOfWorkFactory: "unit_of_work",
    Outbox: "outbox",
    DeadLetters: "dead_letters",
    Subscriptions: "subscriptions",
    History: "history",
    RetentionStore: "retention_store",
}


def _injector(container: "Container") -> Injector:
    """Return the injector; a dependency is made when the first handler that needs it is bound."""
    bindings: dict[Any, Callable[[], Any]] = {
        Clock: container.clock,
        Identifiers: container.identifiers,
        SessionCache: container.session_cache,
        PasswordHasher: container.hasher,
        PasswordPolicy: container.password_policy,
        DeviceTokens: container.device_tokens,
        TokenIssuer: container.tokens,
        KeyFactory: container.key_factory,
        Lifetimes: container.lifetimes,
        SessionLimit: container.session_limit,
        RoleRegistry: container.roles,
        RateLimiter: container.rate_limiter,
        Fingerprints: container.fingerprints,
        Retention: container.retention,
        RecordSchema: container.records,
        Metrics: container.metrics,
        IdempotencyKeys: container.idempotency_keys,
        SubscriberNames: container.known_subscribers,
        ReplayTargets: container.replay_targets,
        ReadableHistory: container.history,
        PersonalData: container.personal_data,
        AccountCipher: container.account_cipher,
        KeyStore: container.key_store,
        Archives: ArchivesOnDemand,
        MailPolicy: container.mail_policy,
        Mailer: container.mailer,
        MailTemplates: container.mail_templates,
    }
    of_store = {port: lambda name=name: getattr(container.store(), name) for port, name in _OF_STORE.items()}
    return Injector({**bindings, **of_store}, container.capabilities())


def _replay_targets(subscribers: Sequence[Subscriber], store: Store, injector: Injector) -> ReplayTargets:
    replays = (SubscriberReplay(subscriber, store.outbox) for subscriber in subscribers)
    return ReplayTargets([*replays, *injector.replay_targets()])


class Container(containers.DeclarativeContainer):
    """Chooses the adapters by the settings."""

    __self__ = providers.Self()
    settings = providers.Dependency(instance_of=Settings)
    hashing_slots: providers.Provider[Path | None] = providers.Object(None)
    workers: providers.Provider[int] = providers.Object(1)

    traces: providers.Provider["Traces | None"] = providers.Object(None)

    capabilities: providers.Provider[tuple[Capability, ...]] = providers.Callable(all_capabilities)
    records = providers.ThreadSafeSingleton(record_schema, capabilities)
    clock = providers.ThreadSafeSingleton(SystemClock)
    identifiers = providers.ThreadSafeSingleton(Uuid7Identifiers)
    metrics: providers.Provider[Metrics] = providers.Object(NO_METRICS)
    prometheus = providers.ThreadSafeSingleton(_prometheus)
    redis_client = providers.ThreadSafeSingleton(_redis_client, settings, metrics, traces)
    session_cache: providers.Provider[SessionCache] = providers.Selector(
        settings.provided.cache_kind,
        none=providers.ThreadSafeSingleton(NoSessionCache),
        redis=providers.ThreadSafeSingleton(_redis_session_cache, redis_client),
    )
    account_cipher: providers.Provider[AccountCipher] = providers.ThreadSafeSingleton(account_cipher, settings)
    separate_keys = providers.ThreadSafeSingleton(open_key_store, settings, records, identifiers)
    key_store = providers.ThreadSafeSingleton(key_store_of, separate_keys)
    personal_data = providers.ThreadSafeSingleton(PersonalData, account_cipher, key_store)
    local_rate_limits = providers.ThreadSafeSingleton(_local_rate_limits)
    fingerprints = providers.ThreadSafeSingleton(fingerprints, settings)
    security_log = providers.ThreadSafeSingleton(security_log, fingerprints.provider, local_rate_limits, clock, metrics)
    recorder = providers.ThreadSafeSingleton(
        _recorder, settings, identifiers, session_cache, security_log, personal_data, capabilities
    )
    store = providers.ThreadSafeSingleton(open_store, settings, recorder, records, metrics)
    history: providers.Provider[ReadableHistory] = providers.ThreadSafeSingleton(
        DecryptedHistory, store.provided.history, personal_data, store.provided.unit_of_work
    )
    retention = providers.ThreadSafeSingleton(_retention, settings, records)
    hashing_pool = providers.ThreadSafeSingleton(hashing_pool, settings, hashing_slots, metrics)
    hasher = providers.ThreadSafeSingleton(open_hasher, settings, hashing_pool, metrics)
    password_policy = providers.ThreadSafeSingleton(password_policy, settings, hashing_pool)
    key_factory: providers.Provider[KeyFactory] = providers.ThreadSafeSingleton(key_factory, settings)
    ring = providers.ThreadSafeSingleton(ring, settings, key_factory, store)
    tokens = providers.ThreadSafeSingleton(tokens, settings, ring)
    lifetimes = providers.ThreadSafeSingleton(_lifetimes, settings)
    session_limit = providers.ThreadSafeSingleton(SessionLimit, settings.provided.session.maximum)
    roles = providers.ThreadSafeSingleton(_roles, settings, capabilities)
    device_tokens = providers.ThreadSafeSingleton(device_tokens, settings)
    idempotency_keys = providers.ThreadSafeSingleton(_idempotency_keys, store, fingerprints, clock, settings)
    rate_limits: providers.Provider[RateLimitStore] = providers.Selector(
        settings.provided.counters,
        host=providers.ThreadSafeSingleton(host_rate_limits, settings),
        store=store.provided.rate_limits,
        redis=providers.ThreadSafeSingleton(_redis_rate_limits, redis_client),
    )
    rate_limiter = providers.ThreadSafeSingleton(
        RateLimiter,
        shared=rate_limits,
        local=local_rate_limits,
        fingerprints=fingerprints,
        clock=clock,
        factor=settings.provided.limits.factor,
        enabled=settings.provided.limits.enabled,
        workers=workers,
    )
    mailer = providers.ThreadSafeSingleton(open_mailer, settings)
    mail_policy = providers.ThreadSafeSingleton(mail_policy, settings)
    mail_templates = providers.ThreadSafeSingleton(open_templates, settings)
    artist = providers.ThreadSafeSingleton(ArtistOnDemand)
    publishers = providers.ThreadSafeSingleton(open_publishers, settings, clock)
    injector = providers.ThreadSafeSingleton(_injector, __self__)
    known_subscribers = providers.ThreadSafeSingleton(known_subscribers, settings, capabilities, publishers)
    subscribers = providers.ThreadSafeSingleton(
        all_subscribers, settings, capabilities, injector, publishers, session_cache
    )
    replay_targets = providers.ThreadSafeSingleton(_replay_targets, subscribers, store, injector)
    bus = providers.ThreadSafeSingleton(
        MessageBus,
        providers.Callable(Injector.handlers, injector),
        middleware=providers.Callable(_middleware, traces, metrics, security_log),
    )
