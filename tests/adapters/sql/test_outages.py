"""PostgreSQL is unavailable, returns, and fails in the middle of an operation."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest

from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, journal_of, save, user_of
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore, listener
from hexaccount_sql.listener import CommitListener
from tests.servers.postgres import PostgresServer

_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_LEASE = timedelta(seconds=30)

Within = Callable[[Callable[[], Any]], Any]


def test_every_operation_fails_without_the_server_and_works_again_with_it(
    flaky_store: SqlStore, flaky_server: PostgresServer, factory: Factory, within: Within
) -> None:
    flaky_store.outbox.subscribe("s", ["*"])
    user = factory.user()
    save(flaky_store, user)
    (delivery,) = flaky_store.outbox.claim("s", limit=9, now=_NOW, lease=_LEASE).deliveries
    flaky_server.stop()
    actions: dict[str, Callable[[], Any]] = {
        "check": flaky_store.check,
        "read": lambda: user_of(flaky_store, user.id),
        "commit": lambda: save(flaky_store, factory.user()),
        "enrol": lambda: flaky_store.outbox.subscribe("s", ["x"]),
        "claim": lambda: flaky_store.outbox.claim("s", limit=9, now=_NOW, lease=_LEASE).deliveries,
        "postpone": lambda: flaky_store.outbox.retry_later(delivery, until=_NOW, error="?"),
        "set aside": lambda: flaky_store.outbox.dead_letter(delivery, error="?"),
        "release": lambda: flaky_store.outbox.release([delivery]),
        "settle": lambda: flaky_store.outbox.acknowledge([delivery]),
        "page": lambda: flaky_store.dead_letters.page(limit=9, after=None),
        "retry": flaky_store.dead_letters.retry,
        "migrate": flaky_store.migrate,
    }
    for name, action in actions.items():
        with pytest.raises(StoreUnavailable):
            within(action)
        assert flaky_store._engine.pool.checkedout() == 0, name
    flaky_server.start()
    for action in actions.values():
        within(action)
    assert len(all_users(flaky_store)) == 2


def test_no_old_connection_is_used_after_a_restart(flaky_store: SqlStore, flaky_server: PostgresServer) -> None:
    for _ in range(2):
        together = [flaky_store._engine.connect() for _ in range(6)]
        for connection in together:
            connection.exec_driver_sql("SELECT 1")
            connection.close()
        flaky_server.restart()
        for _ in range(6):
            assert all_users(flaky_store) == []


def test_a_closed_idle_connection_is_not_used(postgresql: SqlStore, factory: Factory) -> None:
    user = factory.user()
    save(postgresql, user)
    with psycopg.connect(postgresql._url, autocommit=True) as admin:
        terminate_others(admin)
    assert user_of(postgresql, user.id).name == user.name


def test_a_unit_of_work_keeps_failing_once_its_connection_is_closed(postgresql: SqlStore, factory: Factory) -> None:
    user = factory.user()
    save(postgresql, user)
    with postgresql.unit_of_work() as uow:
        loaded = Users(uow).get(user.id)
        with psycopg.connect(postgresql._url, autocommit=True) as admin:
            terminate_others(admin)
        for _ in range(3):
            with pytest.raises(StoreUnavailable):
                Users(uow).find_by_name("juliet")
        loaded.disable(factory.now())
        with pytest.raises(StoreUnavailable):
            uow.commit()
    assert postgresql._engine.pool.checkedout() == 0
    assert not user_of(postgresql, user.id).disabled


def test_an_interrupted_commit_leaves_nothing(postgresql: SqlStore, factory: Factory, within: Within) -> None:
    user, profile = factory.user(), factory.profile(factory.new_id())
    with psycopg.connect(postgresql._url) as blocker, psycopg.connect(postgresql._url, autocommit=True) as admin:
        blocker.execute("LOCK TABLE journal IN EXCLUSIVE MODE")
        waiting = Event()

        def terminate_it() -> None:
            while not admin.execute("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'").fetchall():
                waiting.wait(0.01)
            admin.execute(
                "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            )

        terminator = Thread(target=terminate_it, daemon=True)
        terminator.start()
        with pytest.raises(StoreUnavailable):
            within(lambda: save(postgresql, user, profile))
        terminator.join(30)
    assert all_users(postgresql) == []
    assert journal_of(postgresql, user) == journal_of(postgresql, profile) == []
    assert postgresql._engine.pool.checkedout() == 0


@pytest.mark.parametrize("options", ["", "?options=-c%20search_path%3Dpublic", "?connect_timeout=9"])
def test_commits_of_other_processes_are_signalled(
    postgresql: SqlStore, factory: Factory, open_store: Callable[[str], SqlStore], options: str
) -> None:
    other = open_store(f"{postgresql._url}{options}")
    other.watch()
    postgresql.outbox.subscribe("s", ["*"])
    assert is_signalled(other, postgresql, factory)


def test_commits_of_other_processes_are_signalled_again_after_an_outage(
    flaky_store: SqlStore, flaky_server: PostgresServer, factory: Factory, open_store: Callable[[str], SqlStore]
) -> None:
    other = open_store(flaky_store._url)
    other.watch()
    flaky_store.outbox.subscribe("s", ["*"])
    assert is_signalled(other, flaky_store, factory)
    flaky_server.restart()
    assert is_signalled(other, flaky_store, factory)


def test_the_listener_logs_an_outage_once_and_its_end_once(
    flaky_store: SqlStore,
    flaky_server: PostgresServer,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listener, "_PAUSE", 0.01)
    caplog.set_level(logging.WARNING, "hexaccount.sql")
    attempts: list[object] = []
    connect = psycopg.connect

    def count(*given: Any, **options: Any) -> psycopg.Connection[Any]:
        attempts.append(options)
        return connect(*given, **options)

    monkeypatch.setattr(listener.psycopg, "connect", count)
    flaky_server.stop()
    flaky_store.watch()
    wait_until(lambda: len(attempts) > 3)
    flaky_server.start()
    wait_until(lambda: "signalled again" in caplog.text)
    lost, found = caplog.messages
    assert lost.startswith("commits of other processes are not signalled, only polled: connection failed: ")
    assert found == "commits of other processes are signalled again"


@pytest.mark.parametrize("fault", ["none", "stop", "pause"])
def test_the_listener_stops_whatever_the_server_does(
    flaky_store: SqlStore, flaky_server: PostgresServer, within: Within, fault: str
) -> None:
    flaky_store.watch()
    flaky_store.check()
    if fault != "none":
        getattr(flaky_server, fault)()
    within(flaky_store._listener.stop)


def test_a_store_that_never_listened_closes(postgresql: SqlStore, within: Within) -> None:
    assert isinstance(postgresql._listener, CommitListener)
    within(postgresql.close)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline
        sleep(0.01)


def is_signalled(other: SqlStore, store: SqlStore, factory: Factory) -> bool:
    """Return whether one store is signalled the other's commits, once it listens."""
    seen = other.commits.count + 1  # the first signal may be that of LISTEN
    for _ in range(100):
        save(store, factory.user())
        other.commits.wait(seen, 0.2)
        if other.commits.count > seen:
            return True
    return False


def terminate_others(admin: psycopg.Connection[Any]) -> None:
    """Terminate every other connection to the database, and wait for their end."""
    admin.execute(
        "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
