"""PostgreSQL without what engines that spread data over machines lack: the store chooses by what the server can do."""

import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance import SchemaContract, StoreContract, StoreUnderTest
from hexaccount.conformance.suites.claims import ClaimsContract
from hexaccount.conformance.suites.enqueueing import EnqueueingContract
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.holds import HoldsContract
from hexaccount.conformance.suites.journal_tail import JournalTailContract
from hexaccount.conformance.suites.processes import ProcessesContract
from hexaccount.conformance.suites.record_rules import RecordRulesContract
from hexaccount.conformance.suites.refresh_races import RefreshRacesContract
from hexaccount.conformance.suites.registration_races import RegistrationRacesContract
from hexaccount.conformance.suites.rollback import RollbackContract
from hexaccount.conformance.suites.stale_versions import StaleVersionContract
from hexaccount.conformance.suites.transactions import save
from hexaccount.conformance.suites.uniqueness import UniquenessContract
from hexaccount.kernel.rate_limit import RateLimit
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql.migration import migrate
from hexaccount_system import Uuid7Identifiers
from tests.contracts.sql_stores import empty_database, open_sql_store
from tests.servers.limited_postgres import limited_postgres
from tests.servers.postgres import temporary_database

pytestmark = pytest.mark.slow

_NO_LISTEN = {b"LISTEN": b"unknown_here"}
_ROW_BY_ROW = {
    **_NO_LISTEN,
    b"json_to_recordset(": b"unknown_here(",
    b"set_config(": b"unknown_here(",
    b"pg_catalog.version()": b"'AnotherDB 26.3, not by the authors of PostgreSQL'",
}
_REVOKE = (
    "DO $$ DECLARE found regprocedure; BEGIN"
    " FOR found IN SELECT oid FROM pg_proc WHERE proname = 'pg_notify' OR proname LIKE 'pg%advisory%' LOOP"
    " EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', found); END LOOP; END $$"
)


@contextmanager
def limited_database(server: str, unknown: Mapping[bytes, bytes] = _NO_LISTEN) -> Iterator[str]:
    """Yield the URL of a database whose user may neither notify nor take advisory locks, nor prepare, nor listen."""
    role = f"hexaccount_limited_{secrets.token_hex(4)}"
    with temporary_database(server) as url, psycopg.connect(url, autocommit=True) as owner:
        owner.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(sql.Identifier(role), sql.Literal(role)))
        owner.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(role)))
        owner.execute(_REVOKE)
        parts = urlsplit(url)
        as_role = parts._replace(netloc=f"{role}:{role}@{parts.hostname}:{parts.port}").geturl()
        try:
            with limited_postgres(as_role, unknown=unknown, prepares=False) as limited:
                yield limited
        finally:
            owner.execute(sql.SQL("DROP OWNED BY {0}; DROP ROLE {0}").format(sql.Identifier(role)))


@pytest.fixture(scope="module")
def limited(postgres_server: str) -> Iterator[str]:
    with limited_database(postgres_server) as url:
        yield url


@pytest.fixture(scope="module")
def row_by_row(postgres_server: str) -> Iterator[str]:
    with limited_database(postgres_server, _ROW_BY_ROW) as url:
        yield url


class OnLimited:
    @pytest.fixture
    def under_test(self, limited: str) -> StoreUnderTest:
        empty_database(limited)
        return StoreUnderTest(partial(open_sql_store, limited), rounds=3, commands=100)


class TestRollback(OnLimited, RollbackContract):
    """A commit is one statement that is not prepared."""


class TestStaleVersions(OnLimited, StaleVersionContract):
    """The statement fails as a whole if a row has another revision."""


class TestRegistrationRaces(OnLimited, RegistrationRacesContract):
    """Of racing registrations one wins."""


class TestHolds(OnLimited, HoldsContract):
    """Without the advisory locks, relays of one subscriber skip each other's rows."""


class TestClaims(OnLimited, ClaimsContract):
    """Claims take no more than the statements that lock rows."""


class TestEnqueueing(OnLimited, EnqueueingContract):
    """Deliveries of past events are enqueued in one transaction."""


class TestJournalTail(OnLimited, JournalTailContract):
    """Commits of other handles are found by polling."""


@pytest.mark.slow
class TestWholeKit(OnLimited, StoreContract, also=[ProcessesContract]):
    """All suites of every store."""


class TestLimitedSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, postgres_server: str) -> Iterator[StoreUnderTest]:
        with limited_database(postgres_server) as url:
            yield StoreUnderTest(partial(open_sql_store, url))


class OnRowByRow:
    """Commits are transactions of several statements, where the server has no single one for them."""

    @pytest.fixture
    def under_test(self, row_by_row: str) -> StoreUnderTest:
        empty_database(row_by_row)
        return StoreUnderTest(partial(open_sql_store, row_by_row), rounds=3, commands=100)


class TestRollbackRowByRow(OnRowByRow, RollbackContract):
    """A refused commit stores nothing."""


class TestStaleVersionsRowByRow(OnRowByRow, StaleVersionContract):
    """No update is lost."""


class TestUniquenessRowByRow(OnRowByRow, UniquenessContract):
    """No two accounts share a name or an address."""


class TestRefreshRacesRowByRow(OnRowByRow, RefreshRacesContract):
    """A refresh token has one successor."""


class TestRecordsRowByRow(OnRowByRow, RecordRulesContract):
    """A commit breaks no declared rule."""


@pytest.mark.parametrize(
    ("statement", "prepare"),
    [
        ("LISTEN commits", False),
        ("SELECT pg_notify('commits', '')", False),
        ("SELECT pg_try_advisory_xact_lock(1)", False),
        ("SELECT json '[]', json_to_recordset('[]')", False),
        ("SELECT 1", True),
    ],
)
def test_the_server_refuses_what_it_is_to_lack(row_by_row: str, statement: str, prepare: bool) -> None:
    with psycopg.connect(row_by_row, autocommit=True) as connection:
        with pytest.raises(psycopg.ProgrammingError):
            connection.execute(statement, prepare=prepare)
        assert connection.execute("SELECT 1", prepare=False).fetchone() == (1,)


def test_processes_that_migrate_at_once_take_turns(postgres_server: str) -> None:
    with limited_database(postgres_server) as url, ThreadPoolExecutor(6) as threads:
        assert len(set(threads.map(lambda _: migrate(url, records=record_schema()), range(6)))) == 1


def test_what_the_server_refuses_is_not_tried_again(row_by_row: str, caplog: pytest.LogCaptureFixture) -> None:
    store = open_sql_store(row_by_row, EventRecorder(Uuid7Identifiers(), "urn:hexaccount:limited"), record_schema())
    store.migrate()
    empty_database(row_by_row)
    factory = Factory()
    limits = {"key": RateLimit.of(5, 1, 10, 1)}
    with caplog.at_level("INFO", "hexaccount.sql"):
        for _ in range(3):
            save(store, factory.user())
            assert store.rate_limits.acquire(limits, factory.now())
    store.close()
    assert [record.getMessage() for record in caplog.records] == [
        "the server does without write_at_once",
        "the server does without commit_asynchronously",
    ]


def test_a_listener_ends_where_the_server_has_none(limited: str, caplog: pytest.LogCaptureFixture) -> None:
    store = open_sql_store(limited, EventRecorder(Uuid7Identifiers(), "urn:hexaccount:limited"), record_schema())
    with caplog.at_level("INFO", "hexaccount.sql"):
        store.watch()
        listener = store._listener._thread  # type: ignore[attr-defined]  # of the SQL store
        listener.join(30)
    store.close()
    assert not listener.is_alive()
    assert ["only polled" in record.getMessage() for record in caplog.records] == [True]
