"""PostgreSQL is migrated while other clients read and write, and an interrupted migration can be repeated."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore, lock_waits, migration_runner
from hexaccount_sql.migration import migrate
from tests.upgrades.planted_migration import INDEX, VERSIONS

Connection = psycopg.Connection[Any]


@pytest.fixture
def store(postgresql_url: str, open_store: Callable[[str], SqlStore], two_versions: tuple[str, ...]) -> SqlStore:
    """Return a store on the version before the online index."""
    migrate(postgresql_url, "0001")
    return open_store(postgresql_url)


@pytest.fixture
def admin(store: SqlStore) -> Iterator[Connection]:
    with psycopg.connect(store._url, autocommit=True) as admin:
        yield admin


@pytest.fixture
def migrating() -> Iterator[Callable[..., Future[str]]]:
    with ThreadPoolExecutor() as threads:
        yield lambda *arguments: threads.submit(migrate, *arguments)


def test_an_online_index_waits_for_writers_and_blocks_none(
    store: SqlStore, admin: Connection, factory: Factory, migrating: Callable[..., Future[str]]
) -> None:
    with writing(store._url):
        migrated = migrating(store._url)
        wait_until_an_index_waits(admin)
        store.check()
        save(store, factory.user())
        assert not migrated.done()
    assert migrated.result(30) == VERSIONS[-1]
    assert indexes(admin) == {INDEX: True}
    assert len(all_users(store)) == 1


def test_an_invalid_index_is_replaced(
    store: SqlStore, admin: Connection, factory: Factory, migrating: Callable[..., Future[str]]
) -> None:
    with writing(store._url):
        migrated = migrating(store._url)
        wait_until_an_index_waits(admin)
        admin.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' "
            "AND datname = current_database()"
        )
        with pytest.raises(StoreUnavailable):
            migrated.result(30)
    assert indexes(admin) == {INDEX: False}
    store.check()
    assert store.is_behind()
    save(store, factory.user())
    assert migrate(store._url) == VERSIONS[-1]
    assert indexes(admin) == {INDEX: True}


def test_a_migration_that_must_lock_a_table_times_out_and_retries(
    store: SqlStore,
    migrating: Callable[..., Future[str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(migration_runner, "_LOCK_TIMEOUT", "100ms")
    with writing(store._url):
        # Going down from the first version drops tables, which needs an exclusive lock.
        migrated = migrating(store._url, "base")
        while caplog.text.count("the migration tries again") < 3:
            assert not migrated.done()
            assert all_users(store) == []
            sleep(0.01)
    assert migrated.result(30) == "base"


def test_concurrent_migrations_queue_without_blocking_the_index(
    store: SqlStore, admin: Connection, migrating: Callable[..., Future[str]]
) -> None:
    with writing(store._url):
        both = [migrating(store._url), migrating(store._url)]
        wait_until_an_index_waits(admin)
        while not admin.execute(
            "SELECT 1 FROM pg_stat_activity WHERE query = 'ROLLBACK' AND datname = current_database()"
        ).fetchall():
            sleep(0.01)
    assert [migrated.result(30) for migrated in both] == [VERSIONS[-1]] * 2
    assert indexes(admin) == {INDEX: True}


@pytest.mark.parametrize(
    "foreign", ["default_transaction_isolation = serializable", "idle_in_transaction_session_timeout = '300ms'"]
)
def test_a_migration_blocks_itself_by_no_setting_of_the_role(
    store: SqlStore, admin: Connection, migrating: Callable[..., Future[str]], foreign: str
) -> None:
    of_role = f"ALTER ROLE postgres IN DATABASE {admin.info.dbname}"
    admin.execute(f"{of_role} SET {foreign}")
    try:
        with writing(store._url):
            both = [migrating(store._url), migrating(store._url)]
            wait_until_an_index_waits(admin)
            sleep(1)
            assert len(index_builders(admin)) == 1
        assert [each.result(30) for each in both] == [VERSIONS[-1]] * 2
    finally:
        admin.execute(f"{of_role} RESET ALL")


def test_a_migration_reports_the_session_that_it_waits_for(
    store: SqlStore,
    migrating: Callable[..., Future[str]],
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lock_waits, "_PATIENCE", 0)
    with writing(store._url) as writer, psycopg.connect(store._url, application_name="another migration") as first:
        first.execute("SELECT id FROM migration_lock WHERE id = 1 FOR UPDATE")
        pids = [first.info.backend_pid, writer.info.backend_pid]
        migrated = migrating(store._url)
        wait_until(lambda: f"session {pids[0]} of PostgreSQL (another migration, idle in transaction" in caplog.text)
        first.rollback()
        wait_until(lambda: f"session {pids[1]} of PostgreSQL (a clerk, idle in transaction for " in caplog.text)
        assert not migrated.done()
    assert migrated.result(30) == VERSIONS[-1]
    waits = [message for message in caplog.messages if "the migration waits for" in message]
    assert len(waits) == 2
    assert waits[1].endswith(f" s): let it finish, or end it by SELECT pg_terminate_backend({pids[1]})")


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    """Keep a writing transaction open during the block."""
    patient = "-c idle_in_transaction_session_timeout=0"
    with psycopg.connect(url, application_name="a clerk", options=patient) as connection:
        for table in ("journal", "users"):
            connection.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        yield connection


def index_builders(admin: Connection) -> list[Any]:
    return admin.execute("SELECT pid FROM pg_stat_progress_create_index WHERE datname = current_database()").fetchall()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


def wait_until_an_index_waits(admin: Connection) -> None:
    while not admin.execute(
        "SELECT 1 FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%' AND datname = current_database()"
    ).fetchall():
        sleep(0.01)


def indexes(admin: Connection) -> dict[str, bool]:
    """Return whether the online index is valid, empty if it does not exist."""
    found = admin.execute(
        "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = ANY(%s)",
        [[INDEX]],
    )
    return dict(found.fetchall())
