from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from hexaccount.conformance.suites.people import People
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql import SqlStore
from hexaccount_sql.migration import migrate
from hexaccount_system import Uuid7Identifiers
from tests.servers.postgres import PostgresServer, temporary_database

DIALECTS = ("sqlite", "postgresql")
_PATIENCE = 30


@pytest.fixture
def people() -> People:
    """Return who makes what the test stores."""
    return People()


@pytest.fixture
def open_store() -> Iterator[Callable[[str], SqlStore]]:
    """Return what opens a handle on the store of a URL, to be closed after the test."""
    opened: list[SqlStore] = []

    def open_it(url: str) -> SqlStore:
        opened.append(SqlStore(url, recorder=EventRecorder(Uuid7Identifiers(), "urn:hexaccount:sql")))
        return opened[-1]

    yield open_it
    for store in opened:
        store.close()


@pytest.fixture
def within() -> Callable[[Callable[[], Any]], Any]:
    """Return what runs a call that must end, by its result or its error, before anybody loses patience."""

    def run(call: Callable[[], Any]) -> Any:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                future.set_exception(error)

        Thread(target=work, daemon=True).start()
        return future.result(_PATIENCE)

    return run


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Return the URL of a file that is not there yet."""
    return f"sqlite:///{tmp_path}/hexaccount.db"


@pytest.fixture
def postgresql_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of an empty database."""
    with temporary_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_url(postgres_server: str) -> Iterator[str]:
    """Give the URL of a migrated database, to be copied, which is quicker than to migrate."""
    with temporary_database(postgres_server) as url:
        migrate(url)
        yield url


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
def sqlite(sqlite_url: str, open_store: Callable[[str], SqlStore]) -> SqlStore:
    """Return a migrated store on SQLite."""
    store = open_store(sqlite_url)
    store.migrate()
    return store


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Give a server that the tests of a module may stop, kill and pause."""
    with PostgresServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
def frail_server(own_server: PostgresServer) -> Iterator[PostgresServer]:
    """Give a server that runs before the test and after it, whatever happens in between."""
    if not own_server.running:
        own_server.start()
    yield own_server
    if own_server.running:
        own_server.resume()


@pytest.fixture
def frail_url(frail_server: PostgresServer) -> Iterator[str]:
    """Give the URL of an empty database on a server that the test may stop."""
    with temporary_database(frail_server.url) as url:
        yield url
        if not frail_server.running:
            frail_server.start()
        frail_server.resume()


@pytest.fixture
def frail(frail_url: str, open_store: Callable[[str], SqlStore]) -> SqlStore:
    """Return a migrated store on a server that the test may stop."""
    store = open_store(frail_url)
    store.migrate()
    return store
