"""The kinds of store by URL scheme: built-in ones, and those of other installed packages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from hexaccount.bootstrap import plugins
from hexaccount.bootstrap.foreign_stores import open_foreign_store
from hexaccount.bootstrap.settings import Settings, SettingsError
from hexaccount.bootstrap.store_urls import (
    check_memory_url,
    check_mongodb_url,
    check_postgresql_url,
    check_sqlite_url,
)
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.file_urls import path_in
from hexaccount.store_kit.store import Store


def _any_url(_url: str) -> None:
    """Accept any URL: `open` checks it."""


def counters_beside(database: Path) -> Path:
    """Return the file in which the processes count attempts that share a database file."""
    return database.with_name(f"{database.name}-limits")


def _no_file(_url: str) -> None:
    """Return None: opening the store creates no file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreKind:
    """The properties of a scheme's stores; the defaults are those of other packages' stores.

    `open` and `check_url` raise ValueError for an invalid URL; `check_url` opens nothing. `persistent` stores outlive
    the process. `one_process` stores allow one process at a time; the entry point of another package may have an
    attribute of that name. `file_path` returns the file that opening the store would create. `preload` lists the
    modules to import before workers fork. `server_time` reads the clock of the URL's server, None where there is none;
    it raises StoreUnavailable.
    """

    open: Callable[[str, EventRecorder, RecordSchema, Metrics], Store]
    check_url: Callable[[str], None] = _any_url
    persistent: bool = True
    one_process: bool = False
    file_path: Callable[[str], Path | None] = _no_file
    preload: tuple[str, ...] = ()
    server_time: Callable[[str], datetime] | None = None


def _open_memory(_url: str, recorder: EventRecorder, _records: RecordSchema, _metrics: Metrics) -> Store:
    from hexaccount_memory import MemoryStore

    return MemoryStore(recorder)


def _open_sqlite(url: str, recorder: EventRecorder, records: RecordSchema, metrics: Metrics) -> Store:
    from hexaccount_shared_memory import SharedMemoryRateLimitStore
    from hexaccount_sql import SqlStore

    rate_limits = SharedMemoryRateLimitStore(counters_beside(path_in(url)))
    return SqlStore(url, recorder=recorder, records=records, metrics=metrics, rate_limits=rate_limits)


def _open_postgresql(url: str, recorder: EventRecorder, records: RecordSchema, metrics: Metrics) -> Store:
    from hexaccount_sql import SqlStore

    return SqlStore(url, recorder=recorder, records=records, metrics=metrics)


def _open_mongo(url: str, recorder: EventRecorder, records: RecordSchema, metrics: Metrics) -> Store:
    from hexaccount_mongo import MongoStore

    return MongoStore(url, recorder=recorder, records=records, metrics=metrics)


def _time_of_postgresql(url: str) -> datetime:
    from hexaccount_sql import server_time

    return server_time(url)


def _time_of_mongodb(url: str) -> datetime:
    from hexaccount_mongo import server_time

    return server_time(url)


STORES = {
    "memory": StoreKind(
        open=_open_memory,
        check_url=check_memory_url,
        persistent=False,
        one_process=True,
        preload=("hexaccount_memory",),
    ),
    "sqlite": StoreKind(
        open=_open_sqlite,
        check_url=check_sqlite_url,
        file_path=path_in,
        preload=("hexaccount_sql.sqlite_writer", "hexaccount_shared_memory"),
    ),
    "postgresql": StoreKind(
        open=_open_postgresql,
        check_url=check_postgresql_url,
        preload=("hexaccount_sql.postgres_writer", "hexaccount_sql.listener"),
        server_time=_time_of_postgresql,
    ),
    "mongodb": StoreKind(
        open=_open_mongo,
        check_url=check_mongodb_url,
        preload=("hexaccount_mongo",),
        server_time=_time_of_mongodb,
    ),
}


def kind_of(settings: Settings) -> StoreKind:
    """Return the kind of the setting `store`; raises SettingsError if no package has its scheme, and PluginError."""
    scheme = settings.store_kind
    return STORES.get(scheme) or _installed_kind(scheme)


def open_store(
    settings: Settings, recorder: EventRecorder, records: RecordSchema, metrics: Metrics = NO_METRICS
) -> Store:
    """Open the store of the setting `store`; raises SettingsError for an invalid URL, and PluginError."""
    try:
        return kind_of(settings).open(settings.store, recorder, records, metrics)
    except ValueError as error:
        raise SettingsError(f"store: {error}") from error


def known_schemes() -> list[str]:
    """Return the schemes of built-in stores, then those of other packages."""
    return list(dict.fromkeys([*STORES, *plugins.plugin_names(plugins.STORES)]))


@cache
def _installed_kind(scheme: str) -> StoreKind:
    plugin = plugins.find_plugin(plugins.STORES, scheme)
    if plugin is None:
        raise SettingsError(unknown_store())
    opener = plugin.opener()

    def open_checked(url: str, recorder: EventRecorder, records: RecordSchema, _metrics: Metrics) -> Store:
        return open_foreign_store(opener, url, recorder, records, fault=plugin.error)

    return StoreKind(
        open=open_checked, one_process=bool(getattr(opener, "one_process", False)), preload=(plugin.module,)
    )


def unknown_store() -> str:
    """Return the message for an unknown scheme, without the URL, which may contain a password."""
    known = ", ".join(f"{scheme}://" for scheme in known_schemes())
    return (
        f"store: it must be a URL that begins with one of {known}; for another, install a package that provides it "
        f"as an entry point of {plugins.STORES}"
    )
