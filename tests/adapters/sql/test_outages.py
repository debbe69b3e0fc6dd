"""PostgreSQL away, back again, and gone in the middle of things."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users, journal_of, save, user_of
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore, listener
from hexaccount_sql.listener import CommitListener
from tests.servers.postgres import PostgresServer

_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_LEASE = timedelta(seconds=30)

Within = Callable[[Callable[[], Any]], Any]


def test_without_its_server_every_deed_says_so_and_with_it_all_works_again(
    frail: SqlStore, frail_server: PostgresServer, people: People, within: Within
) -> None:
    frail.outbox.subscribe("s", ["*"])
    user = people.user()
    save(frail, user)
    (delivery,) = frail.outbox.claim("s", limit=9, now=_NOW, lease=_LEASE)
    frail_server.stop()
    deeds: dict[str, Callable[[], Any]] = {
        "check": frail.check,
        "read": lambda: user_of(frail, user.id),
        "commit": lambda: save(frail, people.user()),
        "enrol": lambda: frail.outbox.subscribe("s", ["x"]),
        "claim": lambda: frail.outbox.claim("s", limit=9, now=_NOW, lease=_LEASE),
        "postpone": lambda: frail.outbox.retry_later(delivery, until=_NOW, error="?"),
        "set aside": lambda: frail.outbox.dead_letter(delivery, error="?"),
        "release": lambda: frail.outbox.release([delivery]),
        "settle": lambda: frail.outbox.acknowledge([delivery]),
        "page": lambda: frail.set_aside.page(limit=9, after=None),
        "retry": frail.set_aside.retry,
        "migrate": frail.migrate,
    }
    for name, deed in deeds.items():
        with pytest.raises(StoreUnavailable):
            within(deed)
        assert frail._engine.pool.checkedout() == 0, name
    frail_server.start()
    for deed in deeds.values():
        within(deed)
    assert len(all_users(frail)) == 2


def test_after_a_restart_nobody_meets_a_connection_of_before(frail: SqlStore, frail_server: PostgresServer) -> None:
    for _ in range(2):
        together = [frail._engine.connect() for _ in range(6)]
        for connection in together:
            connection.exec_driver_sql("SELECT 1")
            connection.close()
        frail_server.restart()
        for _ in range(6):
            assert all_users(frail) == []


def test_an_idle_connection_that_was_ended_is_not_used(postgresql: SqlStore, people: People) -> None:
    user = people.user()
    save(postgresql, user)
    with psycopg.connect(postgresql._url, autocommit=True) as admin:
        end_others(admin)
    assert user_of(postgresql, user.id).name == user.name


def test_a_unit_of_work_whose_connection_ends_says_so_until_its_end(postgresql: SqlStore, people: People) -> None:
    user = people.user()
    save(postgresql, user)
    with postgresql.unit_of_work() as uow:
        loaded = uow.users.get(user.id)
        with psycopg.connect(postgresql._url, autocommit=True) as admin:
            end_others(admin)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                uow.users.find_by_name("anybody")
        loaded.disable(people.now())
        with pytest.raises(StoreUnavailable):
            uow.commit()
    assert postgresql._engine.pool.checkedout() == 0
    assert not user_of(postgresql, user.id).disabled


def test_a_commit_that_is_cut_off_before_it_is_done_leaves_nothing(
    postgresql: SqlStore, people: People, within: Within
) -> None:
    user, profile = people.user(), people.profile(people.new_id())
    with psycopg.connect(postgresql._url) as blocker, psycopg.connect(postgresql._url, autocommit=True) as admin:
        blocker.execute("LOCK TABLE journal IN EXCLUSIVE MODE")
        waiting = Event()

        def end_it() -> None:
            while not admin.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchall():
                waiting.wait(0.01)
            admin.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            )

        ender = Thread(target=end_it, daemon=True)
        ender.start()
        with pytest.raises(StoreUnavailable):
            within(lambda: save(postgresql, user, profile))
        ender.join(30)
    assert all_users(postgresql) == []
    assert journal_of(postgresql, user) == journal_of(postgresql, profile) == []
    assert postgresql._engine.pool.checkedout() == 0


@pytest.mark.parametrize("options", ["", "?options=-c%20search_path%3Dpublic", "?connect_timeout=9"])
def test_commits_elsewhere_are_heard(
    postgresql: SqlStore, people: People, open_store: Callable[[str], SqlStore], options: str
) -> None:
    elsewhere = open_store(f"{postgresql._url}{options}")
    elsewhere.watch()
    postgresql.outbox.subscribe("s", ["*"])
    assert hears(elsewhere, postgresql, people)


def test_commits_elsewhere_are_heard_again_after_an_outage(
    frail: SqlStore, frail_server: PostgresServer, people: People, open_store: Callable[[str], SqlStore]
) -> None:
    elsewhere = open_store(frail._url)
    elsewhere.watch()
    frail.outbox.subscribe("s", ["*"])
    assert hears(elsewhere, frail, people)
    frail_server.restart()
    assert hears(elsewhere, frail, people)


def test_who_listens_tells_once_why_nothing_is_heard_and_once_that_it_is_again(
    frail: SqlStore, frail_server: PostgresServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listener, "_PAUSE", 0.01)
    caplog.set_level(logging.WARNING, "hexaccount.sql")
    attempts: list[object] = []
    connect = psycopg.connect

    def count(*given: Any, **options: Any) -> psycopg.Connection[Any]:
        attempts.append(options)
        return connect(*given, **options)

    monkeypatch.setattr(listener.psycopg, "connect", count)
    frail_server.stop()
    frail.watch()
    wait_until(lambda: len(attempts) > 3)
    frail_server.start()
    wait_until(lambda: "heard again" in caplog.text)
    lost, found = caplog.messages
    assert lost.startswith("commits of other processes are not heard at this moment: connection failed: ")
    assert found == "commits of other processes are heard again"


@pytest.mark.parametrize("trouble", ["none", "stop", "pause"])
def test_who_listens_stops_whatever_the_server_does(
    frail: SqlStore, frail_server: PostgresServer, within: Within, trouble: str
) -> None:
    frail.watch()
    frail.check()
    if trouble != "none":
        getattr(frail_server, trouble)()
    within(frail._listener.stop)


def test_who_never_listened_closes(postgresql: SqlStore, within: Within) -> None:
    assert isinstance(postgresql._listener, CommitListener)
    within(postgresql.close)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


def hears(elsewhere: SqlStore, store: SqlStore, people: People) -> bool:
    """Tell whether one store wakes from the other's commits, once it listens."""
    seen = elsewhere.commits.count + 1  # the first signal may be that it listens
    for _ in range(100):
        save(store, people.user())
        elsewhere.commits.wait(seen, 0.2)
        if elsewhere.commits.count > seen:
            return True
    return False


def end_others(admin: psycopg.Connection[Any]) -> None:
    """End every other connection to the database, and wait until that is done."""
    admin.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
