"""Looks at every part that the settings name, all at the same time, and at none for longer than a few seconds."""

import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Thread
from time import monotonic
from typing import TypeAlias
from urllib.parse import urlsplit

from hexaccount.bootstrap.local_checks import check_data_directory, check_key
from hexaccount.bootstrap.publishers import open_publishers
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.store_checks import check_store
from hexaccount.events.ports import EventPublisher, ReceiverRefused, ReceiverUnavailable
from hexaccount.kernel.metrics import NoMetrics
from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount_system import SystemClock

PATIENCE = 12.0
"""Seconds after which a part that has not answered is called away."""

_CONNECT = 5.0
_log = logging.getLogger("hexaccount.doctor")

Check: TypeAlias = Callable[[], Sequence[Finding]]


def examine(settings: Settings) -> list[Finding]:
    """Return what is found of every part, in an order that does not change."""
    return _all_of(_checks(settings))


def _checks(settings: Settings) -> Mapping[str, Check]:
    checks: dict[str, Check] = {
        "data directory": partial(check_data_directory, settings),
        "key": partial(check_key, settings),
        "store": partial(check_store, settings),
    }
    if settings.cache is not None:
        checks["cache"] = partial(_check_cache, settings.cache)
    if settings.tracing.endpoint is not None:
        checks["tracing"] = partial(_check_collector, settings.tracing.endpoint)
    for subscriber in open_publishers(settings, SystemClock()):
        part = subscriber.name if subscriber.name.startswith("webhook:") else f"events {subscriber.name}"
        checks[part] = partial(_check_publisher, part, subscriber.publisher)
    return checks


def _check_cache(url: str) -> list[Finding]:
    from hexaccount_redis import CutOff, RedisLink, Refused  # noqa: PLC0415 - redis is an extra

    link = RedisLink(url, NoMetrics())
    try:
        link.check()
    except CutOff as error:
        verdict, deed = (Verdict.TO_DO, "Let it") if isinstance(error, Refused) else (Verdict.AWAY, "Start it")
        remedy = f"{deed}, or correct the setting cache. Requests go on, and ask the store for every session."
        return [Finding(part="cache", verdict=verdict, message=str(error), remedy=remedy)]
    finally:
        link.close()
    return [Finding(part="cache", verdict=Verdict.WELL, message="it answers")]


def _check_collector(endpoint: str) -> list[Finding]:
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=_CONNECT).close()
    except OSError as error:
        message = f"{parts.hostname} cannot be reached at port {port} ({error.strerror or type(error).__name__})"
        remedy = "Start the collector, or correct tracing.endpoint. Requests go on, and their traces are lost."
        return [Finding(part="tracing", verdict=Verdict.AWAY, message=message, remedy=remedy)]
    return [Finding(part="tracing", verdict=Verdict.WELL, message="the collector can be reached")]


def _check_publisher(part: str, publisher: EventPublisher) -> list[Finding]:
    try:
        publisher.check()
    except ReceiverUnavailable as error:
        verdict = Verdict.TO_DO if isinstance(error, ReceiverRefused) else Verdict.AWAY
        remedy = "No request fails of that: events wait in the store."
        return [Finding(part=part, verdict=verdict, message=str(error), remedy=remedy)]
    finally:
        publisher.close()
    return [Finding(part=part, verdict=Verdict.WELL, message="it can be reached")]


def _all_of(checks: Mapping[str, Check]) -> list[Finding]:
    found: dict[str, Sequence[Finding]] = {}

    def run(part: str, check: Check) -> None:
        try:
            found[part] = check()
        except Exception as error:  # noqa: BLE001 - the others are to be told all the same
            # Its text may hold anything, a secret too, so only the log has it.
            _log.debug("%s could not be looked at", part, exc_info=error)
            message = f"it could not be looked at: an unexpected {type(error).__name__}, which is a fault of hexaccount"
            remedy = "Run it again with HEXACCOUNT_LOG__LEVEL=debug to see where it comes from."
            found[part] = [Finding(part=part, verdict=Verdict.TO_DO, message=message, remedy=remedy)]

    # Daemons, so that whoever never gets an answer does not keep the command from its end.
    threads = {part: Thread(target=run, args=[part, check], daemon=True) for part, check in checks.items()}
    for thread in threads.values():
        thread.start()
    deadline = monotonic() + PATIENCE
    for thread in threads.values():
        thread.join(max(0.0, deadline - monotonic()))
    silent = f"it has not answered within {PATIENCE:g} s"
    return [
        finding
        for part in checks
        for finding in found.get(part, [Finding(part=part, verdict=Verdict.AWAY, message=silent)])
    ]
