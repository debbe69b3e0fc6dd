import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.factory import Factory
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql import SqlStore
from hexaccount_sql.migration import migrate
from hexaccount_sql.schema import SUPPORTED_VERSIONS
from hexaccount_system import Uuid7Identifiers
from tests.servers.postgres import PostgresServer, temporary_database
from tests.upgrades.planted_migration import VERSIONS, planted_migration

DIALECTS = ("sqlite", "postgresql")
_TIMEOUT = 30
_NEWEST = SUPPORTED_VERSIONS[-1]


@pytest.fixture
def factory() -> Factory:
    """Return a factory of the aggregates that tests store."""
    return Factory()


@pytest.fixture
def open_store() -> Iterator[Callable[[str], SqlStore]]:
    """Return a function that opens a store, which is closed after the test."""
    opened: list[SqlStore] = []

    def open_it(url: str) -> SqlStore:
        opened.append(
            SqlStore(url, records=record_schema(), recorder=EventRecorder(Uuid7Identifiers(), "urn:hexaccount:sql"))
        )
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def within() -> Callable[[Callable[[], Any]], Any]:
    """Return a function that fails the test unless a call returns or raises within 30 seconds."""

    def run(call: Callable[[], Any]) -> Any:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                future.set_exception(error)

        Thread(target=work, daemon=True).start()
        return future.result(_TIMEOUT)

    return run


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of a file that does not exist yet."""
    return f"sqlite:///{tmp_path}/hexaccount.db"


@pytest.fixture
def postgresql_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty database."""
    with temporary_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of a migrated database; copying it is faster than migrating."""
    with temporary_database(postgres_server) as url:
        migrate(url, _NEWEST)  # also if the first test that asks for it has planted another
        yield url


@pytest.fixture
def two_versions() -> Iterator[tuple[str, ...]]:
    """Plant a second migration, which the product does not have, and give both versions."""
    with planted_migration():
        yield VERSIONS


@pytest.fixture(params=DIALECTS)
def blank_url(request: pytest.FixtureRequest) -> str:
    """Return the URL of a store without a schema, on each dialect."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture(params=DIALECTS)
def store(request: pytest.FixtureRequest) -> SqlStore:
    """Return a migrated store on each dialect."""
    found: SqlStore = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def postgresql_store_url(postgres_server: str, migrated_url: str) -> Iterator[str]:
    """Give the URL of a migrated database."""
    with temporary_database(postgres_server, template=migrated_url) as url:
        yield url


@pytest.fixture
def postgresql(postgresql_store_url: str, open_store: Callable[[str], SqlStore]) -> SqlStore:
    """Return a migrated store on PostgreSQL."""
    return open_store(postgresql_store_url)


@pytest.fixture
def sqlite(sqlite_url: str, migrated_file: Path, open_store: Callable[[str], SqlStore]) -> SqlStore:
    """Return a migrated store on SQLite."""
    shutil.copy(migrated_file, sqlite_url.removeprefix("sqlite:///"))
    return open_store(sqlite_url)


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Give a server that the tests of a module may stop, kill and pause."""
    with PostgresServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def flaky_server(own_server: PostgresServer) -> Iterator[PostgresServer]:
    """Give a server that runs at the begin and the end of the test, whatever the test does to it."""
    if not own_server.running:
        own_server.start()
    yield own_server
    if own_server.running:
        own_server.resume()


@pytest.fixture
def flaky_url(flaky_server: PostgresServer) -> Iterator[str]:
    """Give the URL of an empty database on a server that the test may stop."""
    with temporary_database(flaky_server.url) as url:
        yield url
        if not flaky_server.running:
            flaky_server.start()
        flaky_server.resume()


@pytest.fixture
def flaky_store(flaky_url: str, open_store: Callable[[str], SqlStore]) -> SqlStore:
    """Return a migrated store on a server that the test may stop."""
    store = open_store(flaky_url)
    store.migrate()
    return store
