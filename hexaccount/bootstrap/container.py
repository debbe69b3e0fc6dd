"""Binds the ports to adapters as the settings choose them; nothing but this package sees the container."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from hexaccount.application.bus import Bus, Middleware
from hexaccount.application.event_figures import EventFigures
from hexaccount.application.limit_table import Limits, limits
from hexaccount.application.login_guard import LoginGuard
from hexaccount.application.message_figures import MessageFigures
from hexaccount.application.message_log import log_messages
from hexaccount.application.ports.allowances import Allowances
from hexaccount.application.ports.avatar_artist import AvatarArtist
from hexaccount.application.ports.common_passwords import CommonPasswords
from hexaccount.application.ports.device_tokens import DeviceTokens
from hexaccount.application.ports.fingerprints import Fingerprints
from hexaccount.application.ports.key_smith import KeySmith
from hexaccount.application.ports.metrics import NO_METRICS, Metrics
from hexaccount.application.ports.password_hasher import PasswordHasher
from hexaccount.application.ports.session_cache import NoSessionCache, SessionCache
from hexaccount.application.ports.store import Store
from hexaccount.application.ports.token_issuer import TokenIssuer
from hexaccount.application.purge import Retention
from hexaccount.application.recorder import Note, Recorder, note_nothing
from hexaccount.application.role_book import RoleBook
from hexaccount.application.subscribers import names_of
from hexaccount.application.turnstile import Turnstile
from hexaccount.bootstrap.handlers import build_handlers, replay_targets
from hexaccount.bootstrap.key_file import seed_of, signing_key
from hexaccount.bootstrap.publishers import open_publishers
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import open_store
from hexaccount.bootstrap.subscribers import all_subscribers
from hexaccount.domain.lifetimes import Lifetimes
from hexaccount.domain.role import Role
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


def _ring(settings: Settings, smith: "SealingSmith", store: Store) -> "KeyRing":
    from hexaccount_security import KeyRing  # noqa: PLC0415 - only who uses it imports it

    return KeyRing(smith, store.signing_keys, lifetime=_lifetimes(settings).access)


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


def _local_allowances() -> Allowances:
    from hexaccount_memory import MemoryAllowances  # noqa: PLC0415 - only who uses it imports it

    return MemoryAllowances()


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


def _redis_allowances(link: "RedisLink") -> Allowances:
    from hexaccount_redis import RedisAllowances  # noqa: PLC0415 - only who uses it imports it

    return RedisAllowances(link)


def _device_tokens(settings: Settings) -> DeviceTokens:
    from hexaccount_security import HmacDeviceTokens  # noqa: PLC0415 - only who uses it imports it

    return HmacDeviceTokens(signing_key(settings))


def _limits(settings: Settings) -> Limits:
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


def _roles(settings: Settings) -> RoleBook:
    return RoleBook({Role(name): permissions for name, permissions in settings.roles.items()})


def _idempotency_lifetime(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.idempotency.lifetime)


def _retention(settings: Settings) -> Retention:
    return Retention(
        ended=timedelta(seconds=settings.clearing.retention),
        refresh_grace=timedelta(seconds=settings.session.refresh_grace),
    )


def _note(metrics: Metrics) -> Note:
    return note_nothing if metrics is NO_METRICS else EventFigures(metrics)


def _middleware(traces: "Traces | None", metrics: Metrics) -> list[Middleware]:
    """Return what stands around every handler, outermost first."""
    traced: list[Middleware] = [] if traces is None else [traces.messages]
    counted: list[Middleware] = [] if metrics is NO_METRICS else [MessageFigures(metrics)]
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
        Recorder,
        identifiers=identifiers,
        source=settings.provided.event_source,
        mark=session_cache.provided.mark,
        note=providers.Factory(_note, metrics),
    )
    store = providers.ThreadSafeSingleton(open_store, settings, recorder, metrics)
    retention = providers.ThreadSafeSingleton(_retention, settings)
    lane = providers.ThreadSafeSingleton(_lane, settings, hashing_slots, metrics)
    hasher = providers.ThreadSafeSingleton(_hasher, settings, lane)
    common_passwords = providers.ThreadSafeSingleton(_common_passwords)
    smith: providers.Provider[KeySmith] = providers.ThreadSafeSingleton(_smith, settings)
    ring = providers.ThreadSafeSingleton(_ring, settings, smith, store)
    tokens = providers.ThreadSafeSingleton(_tokens, settings, ring)
    lifetimes = providers.ThreadSafeSingleton(_lifetimes, settings)
    roles = providers.ThreadSafeSingleton(_roles, settings)
    fingerprints = providers.ThreadSafeSingleton(_fingerprints, settings)
    local_allowances = providers.ThreadSafeSingleton(_local_allowances)
    allowances: providers.Provider[Allowances] = providers.Selector(
        settings.provided.cache_kind,
        none=store.provided.allowances,
        redis=providers.ThreadSafeSingleton(_redis_allowances, redis_link),
    )
    turnstile = providers.ThreadSafeSingleton(
        Turnstile,
        limits=providers.Callable(_limits, settings),
        shared=allowances,
        local=local_allowances,
        fingerprints=fingerprints,
        clock=clock,
        enabled=settings.provided.limits.enabled,
        workers=workers,
    )
    guard = providers.ThreadSafeSingleton(
        LoginGuard, turnstile, providers.ThreadSafeSingleton(_device_tokens, settings)
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
            clearing=store.provided.clearing,
            retention=retention,
            hasher=hasher,
            common_passwords=common_passwords,
            tokens=tokens,
            keys=store.provided.signing_keys,
            smith=smith,
            clock=clock,
            identifiers=identifiers,
            lifetimes=lifetimes,
            roles=roles,
            fingerprints=fingerprints,
            idempotency_lifetime=providers.Callable(_idempotency_lifetime, settings),
            guard=guard,
            session_cache=session_cache,
        ),
        executor=executor,
        middleware=providers.Callable(_middleware, traces, metrics),
    )
