"""The kinds of store, by the scheme of their URL: those of ours, and those that other installed packages bring."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.store_urls import (
    check_memory_url,
    check_mongodb_url,
    check_postgresql_url,
    check_sqlite_url,
)
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "hexaccount.stores"
"""The group of entry points by which another package brings a store: the scheme, and what opens a store of it."""


def _any_url(_url: str) -> None:
    """Return: whether the URL can be used is told by `open`."""


def _no_file(_url: str) -> None:
    """Return None: looking at the store creates nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreKind:
    """What there is to know about the stores of one scheme; the defaults are those of a store of another package.

    `open` returns a handle and raises ValueError for a URL that it cannot use; `check_url` raises it without opening
    anything. `lasts` says that what is stored is
    there for later processes, `one_process` that no two may have it at the same time, which the `open` of another
    package tells by an attribute of that name. `counts_alone` has a worker that serves alone count attempts in its
    memory. `file_of` names the file that a mere look would create. `preload` is imported before workers part.
    """

    open: Callable[[str, EventRecorder, Metrics], Store]
    check_url: Callable[[str], None] = _any_url
    lasts: bool = True
    one_process: bool = False
    counts_alone: bool = False
    file_of: Callable[[str], Path | None] = _no_file
    preload: tuple[str, ...] = ()


def _open_memory(_url: str, recorder: EventRecorder, _metrics: Metrics) -> Store:
    from hexaccount_memory import MemoryStore  # noqa: PLC0415 - only who uses it imports it

    return MemoryStore(recorder)


def _open_sql(url: str, recorder: EventRecorder, metrics: Metrics) -> Store:
    from hexaccount_sql import SqlStore  # noqa: PLC0415 - only who uses it imports it

    return SqlStore(url, recorder=recorder, metrics=metrics)


def _open_mongo(url: str, recorder: EventRecorder, metrics: Metrics) -> Store:
    from hexaccount_mongo import MongoStore  # noqa: PLC0415 - only who uses it imports it

    return MongoStore(url, recorder=recorder, metrics=metrics)


def _sqlite_file(url: str) -> Path:
    return Path(urlsplit(url).path.removeprefix("/"))


STORES = {
    "memory": StoreKind(
        open=_open_memory,
        check_url=check_memory_url,
        lasts=False,
        one_process=True,
        preload=("hexaccount_memory",),
    ),
    "sqlite": StoreKind(
        open=_open_sql,
        check_url=check_sqlite_url,
        counts_alone=True,
        file_of=_sqlite_file,
        preload=("hexaccount_sql.sqlite_writer",),
    ),
    "postgresql": StoreKind(
        open=_open_sql,
        check_url=check_postgresql_url,
        preload=("hexaccount_sql.postgres_writer", "hexaccount_sql.listener"),
    ),
    "mongodb": StoreKind(open=_open_mongo, check_url=check_mongodb_url, preload=("hexaccount_mongo",)),
}


def kind_of(settings: Settings) -> StoreKind:
    """Return the kind of store that is set; raises SettingsError where there is none of its scheme, or two are."""
    scheme = settings.store_kind
    return STORES.get(scheme) or _installed_kind(scheme)


def open_store(settings: Settings, recorder: EventRecorder, metrics: Metrics = NO_METRICS) -> Store:
    """Return a handle on the store that is set; raises SettingsError for a URL that its package cannot use."""
    try:
        return kind_of(settings).open(settings.store, recorder, metrics)
    except ValueError as error:
        raise SettingsError(f"store: {error}") from error


def known_schemes() -> list[str]:
    """Return the schemes of our own stores, and then of those that other packages bring."""
    others = {found.name for found in _entry_points()}
    return [*STORES, *sorted(others - STORES.keys())]


@cache
def _installed_kind(scheme: str) -> StoreKind:
    claims = [found for found in _entry_points() if found.name == scheme]
    if not claims:
        raise SettingsError(unknown_store())
    if len(claims) > 1:
        packages = " and ".join(sorted(_package_of(claim) for claim in claims))
        raise SettingsError(f"store: {scheme}:// is claimed by the packages {packages}; uninstall all but one of them")
    (claim,) = claims
    try:
        opener = claim.load()
    except Exception as error:  # anything may happen in a module of others
        raise SettingsError(
            f"store: the package {_package_of(claim)}, which brings {scheme}://, cannot be imported "
            f"({type(error).__name__}: {error}); mend or reinstall it"
        ) from error

    def open_theirs(url: str, recorder: EventRecorder, _metrics: Metrics) -> Store:
        store: Store = opener(url, recorder)
        return store

    return StoreKind(open=open_theirs, one_process=bool(getattr(opener, "one_process", False)), preload=(claim.module,))


def unknown_store() -> str:
    """Return what to tell of a URL whose scheme no store has; it does not repeat the URL, which may hold a password."""
    known = ", ".join(f"{scheme}://" for scheme in known_schemes())
    return (
        f"store: it must be a URL that begins with one of {known}; for another, install a package that brings it as "
        f"an entry point of {GROUP}"
    )


def _entry_points() -> "list[EntryPoint]":
    from importlib.metadata import entry_points  # noqa: PLC0415 - the stores of ours are found without

    return list(entry_points(group=GROUP))


def _package_of(claim: "EntryPoint") -> str:
    return claim.dist.name if claim.dist else claim.module
