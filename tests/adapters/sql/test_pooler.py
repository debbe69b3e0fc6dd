"""PostgreSQL behind a PgBouncer in transaction mode."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from hexaccount.accounts.users import Users
from hexaccount.conformance import StoreUnderTest
from hexaccount.conformance.suites.enqueueing import EnqueueingContract
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.rollback import RollbackContract
from hexaccount.conformance.suites.transactions import save
from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import StoreRefused, StoreUnavailable
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql import SqlStore
from hexaccount_sql.migration import migrate
from tests.contracts.sql_stores import empty_database
from tests.servers.pgbouncer import Pgbouncer
from tests.servers.postgres import temporary_database

POOLED = "?pooler=transaction"


@pytest.fixture(scope="module")
def pgbouncer(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pgbouncer]:
    with Pgbouncer(tmp_path_factory.mktemp("pgbouncer"), before=postgres_server) as pgbouncer:
        yield pgbouncer


@pytest.fixture(scope="module")
def database(postgres_server: str) -> Iterator[str]:
    """Give the URL of a database with foreign settings, which a pooler restores for each of its clients."""
    with temporary_database(postgres_server) as url, psycopg.connect(postgres_server, autocommit=True) as connection:
        name = sql.Identifier(urlsplit(url).path.removeprefix("/"))
        for setting in ("timezone = 'Asia/Kathmandu'", "datestyle = 'German'", "client_encoding = 'LATIN1'"):
            connection.execute(sql.SQL("ALTER DATABASE {} SET {}").format(name, sql.SQL(setting)))
        yield url


class PooledStore(SqlStore):
    """A store on the pooler that migrates on a direct connection."""

    def __init__(self, pooled: str, recorder: EventRecorder, records: RecordSchema, *, direct: str) -> None:
        super().__init__(pooled, recorder=recorder, records=records)
        self._direct = direct

    def migrate(self) -> str:
        return migrate(self._direct)


class TestPooled(RollbackContract, EnqueueingContract):
    @pytest.fixture
    def under_test(self, pgbouncer: Pgbouncer, database: str) -> StoreUnderTest:
        empty_database(database)
        return StoreUnderTest(partial(PooledStore, pgbouncer.url_of(database) + POOLED, direct=database))


@pytest.fixture
def pooled(pgbouncer: Pgbouncer, database: str, open_store: Callable[[str], SqlStore]) -> SqlStore:
    migrate(database)
    empty_database(database)
    return open_store(pgbouncer.url_of(database) + POOLED)


def test_a_migration_through_the_pooler_is_refused(pooled: SqlStore) -> None:
    with pytest.raises(StoreUnavailable, match="give `hexaccount migrate` a URL without pooler=transaction"):
        pooled.migrate()


def test_a_statement_can_run_on_any_server_connection(pooled: SqlStore, factory: Factory) -> None:
    ada = factory.user("ada")
    save(pooled, ada)

    def look_up(_turn: int) -> bool:
        with pooled.unit_of_work() as uow:
            return Users(uow).get(ada.id).id == ada.id

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(look_up, range(160)))


def test_no_listener_starts_behind_a_pooler(pooled: SqlStore) -> None:
    before = set(threading.enumerate())
    pooled.watch()
    assert not [thread for thread in set(threading.enumerate()) - before if thread.name == "commit-listener"]


def test_a_url_without_the_pooler_parameter_is_refused_with_the_remedy(
    pgbouncer: Pgbouncer, database: str, open_store: Callable[[str], SqlStore]
) -> None:
    with pytest.raises(StoreUnavailable, match=r"before which PgBouncer stands, add pooler=transaction"):
        open_store(pgbouncer.url_of(database)).check()


@pytest.mark.parametrize(
    ("foreign", "remedy"),
    [
        ("default_transaction_isolation = 'repeatable read'", "SET default_transaction_isolation = 'read committed'"),
        ("search_path = elsewhere, public", "SET search_path = 'public'"),
        ("search_path = nowhere", "SET search_path = 'public'"),
    ],
)
def test_a_setting_that_the_pooler_keeps_is_refused_with_the_remedy(
    pgbouncer: Pgbouncer, postgres_server: str, open_store: Callable[[str], SqlStore], foreign: str, remedy: str
) -> None:
    with temporary_database(postgres_server) as url, psycopg.connect(url, autocommit=True) as admin:
        migrate(url)
        admin.execute("CREATE SCHEMA elsewhere")
        admin.execute(f"ALTER ROLE postgres IN DATABASE {admin.info.dbname} SET {foreign}")
        try:
            open_store(url).check()
            with pytest.raises(
                StoreRefused,
                match=f"(a pooler lends connections whose|is 'nowhere',) .* ALTER ROLE postgres {remedy}, ",
            ):
                open_store(pgbouncer.url_of(url) + POOLED).check()
        finally:
            admin.execute(f"ALTER ROLE postgres IN DATABASE {admin.info.dbname} RESET ALL")


def test_a_pooler_that_lends_sessions_and_ignores_options_needs_no_parameter(
    postgres_server: str, database: str, open_store: Callable[[str], SqlStore], factory: Factory, tmp_path: Path
) -> None:
    migrate(database)
    empty_database(database)
    with Pgbouncer(tmp_path, before=postgres_server, mode="session", connections=8) as pgbouncer:
        store = open_store(pgbouncer.url_of(database))
        store.check()
        ada = factory.user("ada", first_name="Łucja")
        save(store, ada)
        with store._engine.connect() as connection:
            assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "7s"
            assert connection.exec_driver_sql("SHOW default_transaction_isolation").scalar() == "read committed"
        store.close()
