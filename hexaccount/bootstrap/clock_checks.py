"""Compares the clock of this machine with those of the servers that the settings name."""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from msgspec.structs import replace

from hexaccount.bootstrap.settings import Settings
from hexaccount.bootstrap.stores import STORES
from hexaccount.kernel.clock import CLOCKS_APART, Clock
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.observability.diagnosis import Finding, Verdict


def clock_checks(settings: Settings, clock: Clock) -> Mapping[str, Callable[[], list[Finding]]]:
    """Return a check for each server that has a clock, by the part that its finding names.

    A check has no finding if its server cannot be reached, as another one says so.
    """
    readers = {}
    for name, url in {"store": settings.store, "personal_data.keys": settings.personal_data.keys}.items():
        kind = None if url is None else STORES.get(replace(settings, store=url).store_kind)
        if url is not None and kind is not None and kind.server_time is not None:
            readers[name] = partial(kind.server_time, url)
    if settings.cache is not None:
        readers["cache"] = partial(_time_of_redis, settings.cache)
    parts = {f"clock of {name}": read for name, read in readers.items()}
    return {part: partial(_check_clock, part, read, clock) for part, read in parts.items()}


def _check_clock(part: str, read: Callable[[], datetime], clock: Clock) -> list[Finding]:
    before = clock.now()
    try:
        there = read()
    except StoreUnavailable:
        return []
    # The answer took a while, of which nobody knows what part it was on the way.
    apart = max(before - there, there - clock.now())
    if apart <= CLOCKS_APART:
        message = f"it is within {CLOCKS_APART.total_seconds():.0f} s of this machine's"
        return [Finding(part=part, verdict=Verdict.OK, message=message)]
    message = f"it is {apart.total_seconds():.0f} s {'behind' if there < before else 'ahead of'} this machine's"
    remedy = "Have a time service (NTP: chrony, systemd-timesyncd) set both clocks, and restart this service then."
    return [Finding(part=part, verdict=Verdict.TO_DO, message=message, remedy=remedy)]


def _time_of_redis(url: str) -> datetime:
    from hexaccount_redis import RedisUnavailable, server_time

    try:
        return server_time(url)
    except RedisUnavailable as error:
        raise StoreUnavailable from error
