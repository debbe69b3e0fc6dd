"""PostgreSQL is migrated while others read and write, and whatever stops a migration another one completes."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep
from typing import Any

import psycopg
import pytest

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users, save
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore, ladder
from hexaccount_sql.migration import migrate
from hexaccount_sql.schema import SUPPORTED_VERSIONS

Connection = psycopg.Connection[Any]


@pytest.fixture
def store(postgresql_url: str, open_store: Callable[[str], SqlStore]) -> SqlStore:
    """Return a store on the version before the indexes that are made online."""
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


def test_an_index_waits_for_those_who_write_and_holds_nobody_up(
    store: SqlStore, admin: Connection, people: People, migrating: Callable[..., Future[str]]
) -> None:
    with writing(store._url):
        migrated = migrating(store._url)
        wait_until_an_index_waits(admin)
        store.check()
        save(store, people.user())
        assert not migrated.done()
    assert migrated.result(30) == SUPPORTED_VERSIONS[-1]
    assert indexes(admin) == {"journal_rare": True}
    assert len(all_users(store)) == 1


def test_an_index_that_was_cut_off_is_made_anew(
    store: SqlStore, admin: Connection, people: People, migrating: Callable[..., Future[str]]
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
    assert indexes(admin) == {"journal_rare": False}
    store.check()
    assert store.is_behind()
    save(store, people.user())
    assert migrate(store._url) == SUPPORTED_VERSIONS[-1]
    assert indexes(admin) == {"journal_rare": True}


def test_a_migration_that_must_lock_a_table_gives_way_and_comes_back(
    store: SqlStore,
    migrating: Callable[..., Future[str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(ladder, "_LOCK_TIMEOUT", "100ms")
    with writing(store._url):
        # To go down from the first version is to drop tables, and for that nobody may be at them.
        migrated = migrating(store._url, "base")
        while caplog.text.count("the migration tries again") < 3:
            assert not migrated.done()
            assert all_users(store) == []
            sleep(0.01)
    assert migrated.result(30) == "base"


def test_who_migrates_beside_another_waits_without_holding_it_up(
    store: SqlStore, admin: Connection, migrating: Callable[..., Future[str]]
) -> None:
    with writing(store._url):
        both = [migrating(store._url), migrating(store._url)]
        wait_until_an_index_waits(admin)
        while not admin.execute(
            "SELECT 1 FROM pg_stat_activity WHERE query = 'ROLLBACK' AND datname = current_database()"
        ).fetchall():
            sleep(0.01)
    assert [migrated.result(30) for migrated in both] == [SUPPORTED_VERSIONS[-1]] * 2
    assert indexes(admin) == {"journal_rare": True}


@contextmanager
def writing(url: str) -> Iterator[None]:
    """Let somebody be in the middle of a transaction that writes while the block runs."""
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
    """Return the indexes that are made online, and whether each can be used."""
    found = admin.execute(
        "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relname = ANY(%s)",
        [["journal_rare"]],
    )
    return dict(found.fetchall())
