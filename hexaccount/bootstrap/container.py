"""Binds the ports to adapters as the settings choose them; nothing but this package sees the container."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from hexaccount.accounts.ports import AvatarArtist
from hexaccount.accounts.role import Role
from hexaccount.bootstrap.handlers import build_handlers, replay_targets
from hexaccount.bootstrap.key_file import seed_of, signing_key
from hexaccount.bootstrap.publishers import open_publishers
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import open_store
from hexaccount.bootstrap.subscribers import all_subscribers
from hexaccount.events.event_metrics import EventMetrics
from hexaccount.events.subscribers import names_of
from hexaccount.kernel.bus import Bus, Middleware
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.message_log import log_messages
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.observability.message_metrics import MessageMetrics
from hexaccount.passwords.login_throttle import LoginThrottle
from hexaccount.passwords.ports import CommonPasswords, DeviceTokens, PasswordHasher
from hexaccount.rate_limits.policies import RateLimits, limits
from hexaccount.rate_limits.ports import RateLimitStore
from hexaccount.rate_limits.rate_limiter import RateLimiter
from hexaccount.retention.apply_retention import Retention
from hexaccount.roles.role_registry import RoleRegistry
from hexaccount.sessions.lifetimes import Lifetimes
from hexaccount.sessions.ports import NoSessionCache, SessionCache, TokenIssuer
from hexaccount.signing_keys.ports import KeyFactory
from hexaccount.store_kit.event_recorder import EventRecorder, OnCommit, ignore_commit
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock, Uuid7Identifiers

if TYPE_CHECKING:
    from hexaccount_otel import Traces
    from hexaccount_prometheus import PrometheusMetrics
    from hexaccount_redis import RedisLink
    from hexaccount_security import HashingLane, KeyRing, SealingSmith

# An adapter is imported by the function that makes it, so that nothing unused is imported at start.


def _lane(settings: Settings, slots: Path | None, metrics: Metrics) -> "HashingLane":
    from hexaccount_security import HashingLane  # noqa: PLC0415 - only who uses it imports it

    return HashingLane(slots=os.cpu_count() or 1, queue=settings.password.queue, shared=slots, metrics=metrics)


def _hasher(settings: Settings, lane: "HashingLane") -> PasswordHasher:
    from hexaccount_security import BcryptHasher  # noqa: PLC0415 - only who uses it imports it

    return BcryptHasher(settings.password.cost, lane)


def _common_passwords() -> CommonPasswords:
    from hexaccount_security import ZxcvbnCommonPasswords  # noqa: PLC0415 - only who uses it imports it

    return ZxcvbnCommonPasswords()


def _smith(settings: Settings) -> "SealingSmith":
    from hexaccount_security import SealingSmith  # noqa: PLC0415 - only who uses it imports it

    return SealingSmith(seed_of(settings))


def _ring(settings: Settings, key_factory: "SealingSmith", store: Store) -> "KeyRing":
    from hexaccount_security import KeyRing  # noqa: PLC0415 - only who uses it imports it

    return KeyRing(key_factory, store.signing_keys, lifetime=_lifetimes(settings).access)


def _tokens(settings: Settings, ring: "KeyRing") -> TokenIssuer:
    from hexaccount_security import JwtIssuer  # noqa: PLC0415 - only who uses it imports it

    return JwtIssuer(
        ring,
        issuer=settings.jwt.issuer,
        audience=settings.jwt.audience,
        client_id="hexaccount",
    )


def _fingerprints(settings: Settings) -> Fingerprints:
    from hexaccount_security import HmacFingerprints  # noqa: PLC0415 - only who uses it imports it

    return HmacFingerprints(signing_key(settings))


def _local_allowances() -> RateLimitStore:
    from hexaccount_memory import MemoryRateLimitStore  # noqa: PLC0415 - only who uses it imports it

    return MemoryRateLimitStore()


def _redis_link(settings: Settings, metrics: Metrics, traces: "Traces | None") -> "RedisLink":
    from hexaccount_redis import RedisLink  # noqa: PLC0415 - only who uses it imports it

    if traces is None:
        return RedisLink(settings.cache or "", metrics)
    return RedisLink(settings.cache or "", metrics, traces.redis_client())


def _prometheus() -> "PrometheusMetrics":
    from hexaccount_prometheus import PrometheusMetrics  # noqa: PLC0415 - only who uses it imports it

    return PrometheusMetrics()


def _redis_session_cache(link: "RedisLink") -> SessionCache:
    from hexaccount_redis import RedisSessionCache  # noqa: PLC0415 - only who uses it imports it

    return RedisSessionCache(link)


def _redis_allowances(link: "RedisLink") -> RateLimitStore:
    from hexaccount_redis import RedisRateLimitStore  # noqa: PLC0415 - only who uses it imports it

    return RedisRateLimitStore(link)


def _device_tokens(settings: Settings) -> DeviceTokens:
    from hexaccount_security import HmacDeviceTokens  # noqa: PLC0415 - only who uses it imports it

    return HmacDeviceTokens(signing_key(settings))


def _limits(settings: Settings) -> RateLimits:
    return limits(settings.limits.factor)


class _ArtistOnDemand(AvatarArtist):
    """Takes its paints out when the first picture is asked for: most processes never draw."""

    def draw(self, identifier: str) -> bytes:
        from hexaccount_avatar import PillowAvatarArtist  # noqa: PLC0415 - only who uses it imports it

        return PillowAvatarArtist().draw(identifier)


def _lifetimes(settings: Settings) -> Lifetimes:
    session = settings.session
    return Lifetimes(
        access=timedelta(seconds=session.access_lifetime),
        idle=timedelta(seconds=session.idle_lifetime),
        absolute=timedelta(seconds=session.absolute_lifetime),
        grace=timedelta(seconds=session.refresh_grace),
    )


def _roles(settings: Settings) -> RoleRegistry:
    return RoleRegistry({Role(name): permissions for name, permissions in settings.roles.items()})


def _idempotency_lifetime(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.idempotency.lifetime)


def _retention(settings: Settings) -> Retention:
    return Retention(
        ended=timedelta(seconds=settings.clearing.retention),
        refresh_grace=timedelta(seconds=settings.session.refresh_grace),
    )


def _note(metrics: Metrics) -> OnCommit:
    return ignore_commit if metrics is NO_METRICS else EventMetrics(metrics)


def _middleware(traces: "Traces | None", metrics: Metrics) -> list[Middleware]:
    """Return what stands around every handler, outermost first."""
    traced: list[Middleware] = [] if traces is None else [traces.messages]
    counted: list[Middleware] = [] if metrics is NO_METRICS else [MessageMetrics(metrics)]
    return [*traced, *counted, log_messages]


class Container(containers.DeclarativeContainer):
    """The wiring."""

    settings = providers.Dependency(instance_of=Settings)
    hashing_slots: providers.Provider[Path | None] = providers.Object(None)
    workers: providers.Provider[int] = providers.Object(1)

    traces: providers.Provider["Traces | None"] = providers.Object(None)

    clock = providers.ThreadSafeSingleton(SystemClock)
    identifiers = providers.ThreadSafeSingleton(Uuid7Identifiers)
    metrics: providers.Provider[Metrics] = providers.Object(NO_METRICS)
    prometheus = providers.ThreadSafeSingleton(_prometheus)
    redis_link = providers.ThreadSafeSingleton(_redis_link, settings, metrics, traces)
    session_cache: providers.Provider[SessionCache] = providers.Selector(
        settings.provided.cache_kind,
        none=providers.ThreadSafeSingleton(NoSessionCache),
        redis=providers.ThreadSafeSingleton(_redis_session_cache, redis_link),
    )
    recorder = providers.ThreadSafeSingleton(
        EventRecorder,
        identifiers=identifiers,
        source=settings.provided.event_source,
        invalidate=session_cache.provided.mark,
        on_commit=providers.Factory(_note, metrics),
    )
    store = providers.ThreadSafeSingleton(open_store, settings, recorder, metrics)
    retention = providers.ThreadSafeSingleton(_retention, settings)
    lane = providers.ThreadSafeSingleton(_lane, settings, hashing_slots, metrics)
    hasher = providers.ThreadSafeSingleton(_hasher, settings, lane)
    common_passwords = providers.ThreadSafeSingleton(_common_passwords)
    key_factory: providers.Provider[KeyFactory] = providers.ThreadSafeSingleton(_smith, settings)
    ring = providers.ThreadSafeSingleton(_ring, settings, key_factory, store)
    tokens = providers.ThreadSafeSingleton(_tokens, settings, ring)
    lifetimes = providers.ThreadSafeSingleton(_lifetimes, settings)
    roles = providers.ThreadSafeSingleton(_roles, settings)
    fingerprints = providers.ThreadSafeSingleton(_fingerprints, settings)
    local_allowances = providers.ThreadSafeSingleton(_local_allowances)
    rate_limits: providers.Provider[RateLimitStore] = providers.Selector(
        settings.provided.cache_kind,
        none=store.provided.rate_limits,
        redis=providers.ThreadSafeSingleton(_redis_allowances, redis_link),
    )
    rate_limiter = providers.ThreadSafeSingleton(
        RateLimiter,
        limits=providers.Callable(_limits, settings),
        shared=rate_limits,
        local=local_allowances,
        fingerprints=fingerprints,
        clock=clock,
        enabled=settings.provided.limits.enabled,
        workers=workers,
    )
    throttle = providers.ThreadSafeSingleton(
        LoginThrottle, rate_limiter, providers.ThreadSafeSingleton(_device_tokens, settings)
    )
    artist = providers.ThreadSafeSingleton(_ArtistOnDemand)
    publishers = providers.ThreadSafeSingleton(open_publishers, settings, clock)
    subscribers = providers.ThreadSafeSingleton(all_subscribers, settings, store, clock, publishers, session_cache)
    executor = providers.ThreadSafeSingleton(ThreadPoolExecutor, max_workers=4, thread_name_prefix="command")
    bus = providers.ThreadSafeSingleton(
        Bus,
        providers.Factory(
            build_handlers,
            unit_of_work=store.provided.unit_of_work,
            history=store.provided.history,
            replay_targets=providers.Factory(replay_targets, subscribers=subscribers, store=store),
            subscriptions=store.provided.subscriptions,
            outbox=store.provided.outbox,
            known_subscribers=providers.Factory(names_of, subscribers),
            retention_store=store.provided.retention_store,
            retention=retention,
            hasher=hasher,
            common_passwords=common_passwords,
            tokens=tokens,
            keys=store.provided.signing_keys,
            key_factory=key_factory,
            clock=clock,
            identifiers=identifiers,
            lifetimes=lifetimes,
            roles=roles,
            fingerprints=fingerprints,
            idempotency_lifetime=providers.Callable(_idempotency_lifetime, settings),
            throttle=throttle,
            session_cache=session_cache,
        ),
        executor=executor,
        middleware=providers.Callable(_middleware, traces, metrics),
    )
