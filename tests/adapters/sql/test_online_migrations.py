"""PostgreSQL is migrated while other clients read and write, and an interrupted migration can be repeated."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep
from typing import Any

import psycopg
import pytest

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore, migration_runner
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


@contextmanager
def writing(url: str) -> Iterator[None]:
    """Keep a writing transaction open during the block."""
    with psycopg.connect(url) as connection:
        for table in ("journal", "users"):
            connection.execute(f"LOCK TABLE {table} IN ROW EXCLUSIVE MODE")
        yield


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
