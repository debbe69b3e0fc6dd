"""Binds the ports to adapters as the settings choose them; nothing but this package sees the container."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dependency_injector import containers, providers

from hexaccount.application.bus import Bus
from hexaccount.application.limit_table import Limits, limits
from hexaccount.application.login_guard import LoginGuard
from hexaccount.application.message_log import log_messages
from hexaccount.application.ports.allowances import Allowances
from hexaccount.application.ports.avatar_artist import AvatarArtist
from hexaccount.application.ports.device_tokens import DeviceTokens
from hexaccount.application.ports.event_publisher import EventPublisher
from hexaccount.application.ports.key_digest import KeyDigest
from hexaccount.application.ports.password_hasher import PasswordHasher
from hexaccount.application.ports.store import Store
from hexaccount.application.ports.token_issuer import TokenIssuer
from hexaccount.application.recorder import Recorder
from hexaccount.application.turnstile import Turnstile
from hexaccount.bootstrap.handlers import build_handlers
from hexaccount.bootstrap.key_file import signing_key
from hexaccount.bootstrap.settings import Settings
from hexaccount_system import SystemClock, Uuid7Identifiers

if TYPE_CHECKING:
    from hexaccount_security import HashingLane

# An adapter is imported by the function that makes it, so that nothing unused is imported at start.


def _memory_store(recorder: Recorder) -> Store:
    from hexaccount_memory import MemoryStore  # noqa: PLC0415 - see above

    return MemoryStore(recorder)


def _sql_store(recorder: Recorder, settings: Settings) -> Store:
    from hexaccount_sql import SqlStore  # noqa: PLC0415 - see above

    return SqlStore(settings.store, recorder=recorder)


def _lane(settings: Settings, slots: Path | None) -> "HashingLane":
    from hexaccount_security import HashingLane  # noqa: PLC0415 - see above

    return HashingLane(slots=os.cpu_count() or 1, queue=settings.password.queue, shared=slots)


def _hasher(settings: Settings, lane: "HashingLane") -> PasswordHasher:
    from hexaccount_security import BcryptHasher  # noqa: PLC0415 - see above

    return BcryptHasher(settings.password.cost, lane)


def _tokens(settings: Settings) -> TokenIssuer:
    from hexaccount_security import JwtIssuer  # noqa: PLC0415 - see above

    return JwtIssuer(
        signing_key(settings),
        algorithm=settings.jwt.algorithm,
        issuer=settings.jwt.issuer,
        audience=settings.jwt.audience,
        client_id="hexaccount",
    )


def _local_allowances() -> Allowances:
    from hexaccount_memory import MemoryAllowances  # noqa: PLC0415 - see above

    return MemoryAllowances()


def _key_digest(settings: Settings) -> KeyDigest:
    from hexaccount_security import HmacKeyDigest  # noqa: PLC0415 - see above

    return HmacKeyDigest(signing_key(settings))


def _device_tokens(settings: Settings) -> DeviceTokens:
    from hexaccount_security import HmacDeviceTokens  # noqa: PLC0415 - see above

    return HmacDeviceTokens(signing_key(settings))


def _limits(settings: Settings) -> Limits:
    return limits(settings.limits.factor)


class _ArtistOnDemand(AvatarArtist):
    """Takes its paints out when the first picture is asked for: most processes never draw."""

    def draw(self, identifier: str) -> bytes:
        from hexaccount_avatar import PillowAvatarArtist  # noqa: PLC0415 - see above

        return PillowAvatarArtist().draw(identifier)


def _publishers(settings: Settings) -> dict[str, EventPublisher]:
    if not settings.events:
        return {}
    from hexaccount_memory import MemoryPublisher  # noqa: PLC0415 - see above

    return {url: MemoryPublisher() for url in settings.events}


def _access_lifetime(settings: Settings) -> timedelta:
    return timedelta(seconds=settings.session.access_lifetime)


class Container(containers.DeclarativeContainer):
    """The wiring."""

    settings = providers.Dependency(instance_of=Settings)
    hashing_slots: providers.Provider[Path | None] = providers.Object(None)

    clock = providers.ThreadSafeSingleton(SystemClock)
    identifiers = providers.ThreadSafeSingleton(Uuid7Identifiers)
    recorder = providers.ThreadSafeSingleton(Recorder, identifiers=identifiers, source=settings.provided.event_source)
    store = providers.Selector(
        settings.provided.store_kind,
        memory=providers.ThreadSafeSingleton(_memory_store, recorder),
        sqlite=providers.ThreadSafeSingleton(_sql_store, recorder, settings),
        postgresql=providers.ThreadSafeSingleton(_sql_store, recorder, settings),
    )
    lane = providers.ThreadSafeSingleton(_lane, settings, hashing_slots)
    hasher = providers.ThreadSafeSingleton(_hasher, settings, lane)
    tokens = providers.ThreadSafeSingleton(_tokens, settings)
    local_allowances = providers.ThreadSafeSingleton(_local_allowances)
    allowances: providers.Provider[Allowances] = store.provided.allowances
    turnstile = providers.ThreadSafeSingleton(
        Turnstile,
        limits=providers.Callable(_limits, settings),
        shared=allowances,
        local=local_allowances,
        keys=providers.ThreadSafeSingleton(_key_digest, settings),
        clock=clock,
        enabled=settings.provided.limits.enabled,
    )
    guard = providers.ThreadSafeSingleton(
        LoginGuard, turnstile, providers.ThreadSafeSingleton(_device_tokens, settings)
    )
    artist = providers.ThreadSafeSingleton(_ArtistOnDemand)
    publishers = providers.ThreadSafeSingleton(_publishers, settings)
    executor = providers.ThreadSafeSingleton(ThreadPoolExecutor, max_workers=4, thread_name_prefix="command")
    bus = providers.ThreadSafeSingleton(
        Bus,
        providers.Factory(
            build_handlers,
            unit_of_work=store.provided.unit_of_work,
            hasher=hasher,
            tokens=tokens,
            clock=clock,
            identifiers=identifiers,
            access_lifetime=providers.Callable(_access_lifetime, settings),
            guard=guard,
        ),
        executor=executor,
        middleware=providers.List(providers.Object(log_messages)),
    )
