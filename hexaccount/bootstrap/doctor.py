"""Checks every part that the settings name, all at once, with a time limit."""

import logging
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from threading import Thread
from time import monotonic
from typing import TypeAlias
from urllib.parse import urlsplit

from hexaccount.bootstrap.capabilities import OURS, all_capabilities
from hexaccount.bootstrap.clock_checks import clock_checks
from hexaccount.bootstrap.local_checks import check_data_directory, check_hashing, check_key
from hexaccount.bootstrap.mailers import open_mailer
from hexaccount.bootstrap.plugins import CAPABILITIES, COMMANDS, HTTP, PluginError, load_plugins, plugin_names
from hexaccount.bootstrap.publishers import open_publishers
from hexaccount.bootstrap.rate_limits import check_rate_limits
from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.store_checks import check_store, sentence
from hexaccount.events.ports import EventPublisher, ReceiverRefused, ReceiverUnavailable
from hexaccount.kernel.files import reason_of, remedy_for
from hexaccount.kernel.metrics import NoMetrics
from hexaccount.mail.ports import Mailer
from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount_system import SystemClock

TIMEOUT = 12.0
"""Seconds after which a part without an answer counts as unreachable."""

_CONNECT_TIMEOUT = 5.0
_log = logging.getLogger("hexaccount.doctor")

Check: TypeAlias = Callable[[], Sequence[Finding]]


def run_checks(settings: Settings) -> list[Finding]:
    """Return the findings of every part, in a fixed order; a check that fails is a finding, never an error."""
    return _run_all(_checks_of(settings))


def _checks_of(settings: Settings) -> Mapping[str, Check]:
    checks: dict[str, Check] = {
        "data directory": partial(check_data_directory, settings),
        "key": partial(check_key, settings),
        "hashing": partial(check_hashing, settings),
        "store": partial(check_store, settings),
        "rate limits": partial(check_rate_limits, settings),
    }
    if any(map(plugin_names, (CAPABILITIES, HTTP, COMMANDS))):
        checks["plug-ins"] = _check_plugins
    if settings.cache is not None:
        checks["cache"] = partial(_check_cache, settings.cache)
    if settings.tracing.endpoint is not None:
        checks["tracing"] = partial(_check_collector, settings.tracing.endpoint)
    if settings.mail.url is not None:
        checks["mail"] = partial(_check_receiver, "mail", open_mailer(settings))
    checks.update(clock_checks(settings, SystemClock()))
    for subscriber in open_publishers(settings, SystemClock()):
        part = subscriber.name if subscriber.name.startswith("webhook:") else f"events {subscriber.name}"
        checks[part] = partial(_check_receiver, part, subscriber.publisher)
    return checks


def _check_plugins() -> list[Finding]:
    import click

    from hexaccount_flask import Routes

    found = [all_capabilities(), load_plugins(HTTP, Routes), load_plugins(COMMANDS, click.Command)]
    message = f"{sum(map(len, found)) - len(OURS)} can be imported"
    return [Finding(part="plug-ins", verdict=Verdict.OK, message=message)]


def _check_cache(url: str) -> list[Finding]:
    from hexaccount_redis import RedisClient, RedisRefused, RedisUnavailable

    client = RedisClient(url, NoMetrics())
    try:
        client.check()
    except RedisUnavailable as error:
        verdict, action = (Verdict.TO_DO, "Fix") if isinstance(error, RedisRefused) else (Verdict.UNREACHABLE, "Start")
        remedy = f"{action} the server, or correct the setting cache. Until then sessions are read from the store."
        return [Finding(part="cache", verdict=verdict, message=str(error), remedy=remedy)]
    finally:
        client.close()
    return [Finding(part="cache", verdict=Verdict.OK, message="it answers")]


def _check_collector(endpoint: str) -> list[Finding]:
    parts = urlsplit(endpoint)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname, port), timeout=_CONNECT_TIMEOUT).close()
    except OSError as error:
        message = f"{parts.hostname} cannot be reached at port {port} ({error.strerror or type(error).__name__})"
        remedy = "Start the collector, or correct tracing.endpoint. Until then requests succeed, and traces are lost."
        return [Finding(part="tracing", verdict=Verdict.UNREACHABLE, message=message, remedy=remedy)]
    return [Finding(part="tracing", verdict=Verdict.OK, message="the collector can be reached")]


def _check_receiver(part: str, receiver: EventPublisher | Mailer) -> list[Finding]:
    try:
        receiver.check()
    except ReceiverUnavailable as error:
        verdict = Verdict.TO_DO if isinstance(error, ReceiverRefused) else Verdict.UNREACHABLE
        remedy = "Requests succeed meanwhile; events wait in the store."
        return [Finding(part=part, verdict=verdict, message=str(error), remedy=remedy)]
    finally:
        receiver.close()
    return [Finding(part=part, verdict=Verdict.OK, message="it can be reached")]


def _failure_of(part: str, error: Exception) -> Finding:
    """Return the finding of a check that has failed, because of a file or of a fault."""
    if isinstance(error, OSError) and (remedy := remedy_for(error)):
        return Finding(part=part, verdict=Verdict.TO_DO, message=reason_of(error), remedy=sentence(remedy))
    # Only the log has the text of the error, which may contain a secret.
    _log.debug("the check of %s failed", part, exc_info=error)
    message = f"the check failed with an unexpected {type(error).__name__}, which is a fault of hexaccount"
    remedy = "Run the command again with HEXACCOUNT_LOG__LEVEL=debug to see the stack trace."
    return Finding(part=part, verdict=Verdict.TO_DO, message=message, remedy=remedy)


def _run_all(checks: Mapping[str, Check]) -> list[Finding]:
    found: dict[str, Sequence[Finding]] = {}

    def run(part: str, check: Check) -> None:
        try:
            found[part] = check()
        except PluginError as error:
            found[part] = [Finding(part=part, verdict=Verdict.TO_DO, message=str(error))]
        except Exception as error:  # noqa: BLE001 - a fault of one check must not hide the other findings
            found[part] = [_failure_of(part, error)]

    # Daemons, so that a check that hangs does not keep the command from ending.
    threads = {part: Thread(target=run, args=[part, check], daemon=True) for part, check in checks.items()}
    for thread in threads.values():
        thread.start()
    deadline = monotonic() + TIMEOUT
    for thread in threads.values():
        thread.join(max(0.0, deadline - monotonic()))
    timed_out = f"it has not answered within {TIMEOUT:g} s"
    return [
        finding
        for part in checks
        for finding in found.get(part, [Finding(part=part, verdict=Verdict.UNREACHABLE, message=timed_out)])
    ]
