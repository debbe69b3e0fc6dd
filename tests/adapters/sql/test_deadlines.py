"""Statements fail while PostgreSQL hangs, and new requests fail at once."""

import logging
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic, sleep
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, save
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore, deadline_connection, server_probe
from hexaccount_sql.deadline_connection import DeadlineConnection
from hexaccount_sql.server_probe import ServerProbe
from tests.servers.postgres import PostgresServer

Within = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def probed_early(monkeypatch: pytest.MonkeyPatch) -> None:
    """Probe the server after 0.3 seconds of silence."""
    monkeypatch.setattr(deadline_connection, "PROBE_AFTER", 0.3)


def test_statements_fail_while_a_server_hangs_and_succeed_afterwards(
    probed_early: None, flaky_store: SqlStore, flaky_server: PostgresServer, factory: Factory, within: Within
) -> None:
    save(flaky_store, factory.user())
    flaky_server.pause()
    for action in (flaky_store.check, lambda: all_users(flaky_store), lambda: save(flaky_store, factory.user())):
        with pytest.raises(StoreUnavailable):
            within(action)
    flaky_server.resume()
    wait_until(lambda: works(flaky_store.check))
    save(flaky_store, factory.user())
    assert flaky_store._engine.pool.checkedout() == 0


def test_while_a_server_hangs_new_requests_fail_at_once(
    probed_early: None, flaky_store: SqlStore, flaky_server: PostgresServer, within: Within
) -> None:
    flaky_store.check()
    flaky_server.pause()
    with pytest.raises(StoreUnavailable):
        within(flaky_store.check)

    def check_repeatedly() -> None:
        for _ in range(500):
            with pytest.raises(StoreUnavailable):
                flaky_store.check()

    within(check_repeatedly)


def test_all_waiting_statements_fail_once_the_probe_finds_that_a_server_hangs(
    probed_early: None,
    flaky_store: SqlStore,
    flaky_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    within: Within,
) -> None:
    monkeypatch.setattr(DeadlineConnection, "deadline", math.inf)
    held = [flaky_store._engine.connect() for _ in range(5)]
    flaky_server.pause()
    for connection in held:
        with pytest.raises(sa.exc.OperationalError, match="sent nothing"):
            within(lambda connection=connection: connection.exec_driver_sql("SELECT 1"))
        connection.close()


def test_connecting_fails_while_a_server_hangs(
    probed_early: None, flaky_store: SqlStore, flaky_server: PostgresServer, within: Within
) -> None:
    flaky_server.pause()
    with pytest.raises(StoreUnavailable):
        within(flaky_store.check)
    flaky_server.resume()
    wait_until(lambda: works(flaky_store.check))


def test_a_slow_statement_does_not_make_others_fail(
    probed_early: None, postgresql: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    asleep, awake = Event(), Event()

    def sleep_long() -> None:
        with postgresql._engine.connect() as connection:
            asleep.set()
            connection.exec_driver_sql("SELECT pg_sleep(1.5)")
            awake.set()

    sleeper = Thread(target=sleep_long, daemon=True)
    sleeper.start()
    assert asleep.wait(30)
    while not awake.is_set() and sleeper.is_alive():
        postgresql.check()
    sleeper.join(30)
    assert awake.is_set()
    assert "does not answer" not in caplog.text


def test_the_server_ends_slow_statements_except_those_of_an_operator(
    postgresql: SqlStore, monkeypatch: pytest.MonkeyPatch, open_store: Callable[[str], SqlStore], within: Within
) -> None:
    with postgresql._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "7s"
    impatient = open_store(f"{postgresql._url}?options=-c%20statement_timeout%3D100ms")
    with locked(postgresql._url, "journal", "users"):
        with pytest.raises(StoreUnavailable):
            within(lambda: all_users(impatient))
        counted = []
        counter = Thread(target=lambda: counted.append(impatient.history.count(EventFilter())), daemon=True)
        counter.start()
        counter.join(0.5)
        assert counter.is_alive()
    counter.join(30)
    assert counted == [0]
    # The next user of the connection has the usual timeouts again.
    with impatient._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "100ms"
        assert connection.connection.driver_connection.deadline == DeadlineConnection.deadline


def test_a_slow_server_is_probed_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_probe, "_MIN_INTERVAL", 600)
    probes: list[float] = []
    slow = ServerProbe(lambda: probes.append(monotonic()) is None)
    for _ in range(50):
        slow.suspect()
        wait_until(lambda: not slow._probing)
    assert len(probes) == 1
    assert not slow.silent


def test_probing_ends_with_the_store() -> None:
    probes: list[float] = []

    def answers() -> bool:
        probes.append(monotonic())
        return False

    hanging = ServerProbe(answers)
    hanging.suspect()
    hanging.suspect()
    wait_until(lambda: len(probes) > 1 and hanging.silent)
    hanging.close()
    hanging.suspect()
    seen = len(probes)
    sleep(1.2)
    assert len(probes) <= seen + 1


@contextmanager
def locked(url: str, *tables: str) -> Iterator[None]:
    """Lock tables against reads during the block."""
    with psycopg.connect(url) as connection:
        for table in tables:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def works(action: Callable[[], object]) -> bool:
    try:
        action()
    except StoreUnavailable:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline
        sleep(0.05)
