"""Nobody waits for ever for a PostgreSQL that hangs, and of those who come then nobody waits at all."""

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

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users, save
from hexaccount.events.ports import EventFilter
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql import SqlStore, connections, patient_connection, reachability
from hexaccount_sql.patient_connection import PatientConnection
from hexaccount_sql.reachability import Reachability
from tests.servers.postgres import PostgresServer

Within = Callable[[Callable[[], Any]], Any]


@pytest.fixture
def suspicious(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the server looked at after a moment of silence."""
    monkeypatch.setattr(patient_connection, "SUSPICIOUS", 0.3)


def test_a_server_that_hangs_is_given_up_and_used_again_once_it_goes_on(
    suspicious: None, frail: SqlStore, frail_server: PostgresServer, people: People, within: Within
) -> None:
    save(frail, people.user())
    frail_server.pause()
    for deed in (frail.check, lambda: all_users(frail), lambda: save(frail, people.user())):
        with pytest.raises(StoreUnavailable):
            within(deed)
    frail_server.resume()
    wait_until(lambda: works(frail.check))
    save(frail, people.user())
    assert frail._engine.pool.checkedout() == 0


def test_while_a_server_hangs_nobody_waits_for_it_in_a_queue(
    suspicious: None, frail: SqlStore, frail_server: PostgresServer, within: Within
) -> None:
    frail.check()
    frail_server.pause()
    with pytest.raises(StoreUnavailable):
        within(frail.check)

    def ask_again_and_again() -> None:
        for _ in range(500):
            with pytest.raises(StoreUnavailable):
                frail.check()

    within(ask_again_and_again)


def test_all_who_wait_learn_at_once_that_a_server_hangs(
    suspicious: None, frail: SqlStore, frail_server: PostgresServer, monkeypatch: pytest.MonkeyPatch, within: Within
) -> None:
    monkeypatch.setattr(PatientConnection, "patience", math.inf)
    held = [frail._engine.connect() for _ in range(5)]
    frail_server.pause()
    for connection in held:
        with pytest.raises(sa.exc.OperationalError, match="said nothing"):
            within(lambda connection=connection: connection.exec_driver_sql("SELECT 1"))
        connection.close()


def test_a_server_that_does_not_answer_new_connections_is_given_up_too(
    suspicious: None, frail: SqlStore, frail_server: PostgresServer, within: Within
) -> None:
    frail_server.pause()
    with pytest.raises(StoreUnavailable):
        within(frail.check)
    frail_server.resume()
    wait_until(lambda: works(frail.check))


def test_a_statement_that_takes_long_is_no_reason_to_refuse_others(
    suspicious: None, postgresql: SqlStore, caplog: pytest.LogCaptureFixture
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
    assert "silent" not in caplog.text


def test_the_server_itself_ends_what_takes_long_but_not_what_an_operator_waits_for(
    postgresql: SqlStore, monkeypatch: pytest.MonkeyPatch, open_store: Callable[[str], SqlStore], within: Within
) -> None:
    assert "statement_timeout=7s" in str(connections._POSTGRESQL["options"])
    hurried = open_store(f"{postgresql._url}?options=-c%20statement_timeout%3D100ms")
    with locked(postgresql._url, "journal", "users"):
        with pytest.raises(StoreUnavailable):
            within(lambda: all_users(hurried))
        counted = []
        counter = Thread(target=lambda: counted.append(hurried.history.count(EventFilter())), daemon=True)
        counter.start()
        counter.join(0.5)
        assert counter.is_alive()
    counter.join(30)
    assert counted == [0]
    # Whoever has the connection next is hurried again.
    with hurried._engine.connect() as connection:
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "100ms"
        assert connection.connection.driver_connection.patience == PatientConnection.patience


def test_a_server_that_is_just_slow_is_not_looked_at_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reachability, "_CALM", 600)
    looks: list[float] = []
    slow = Reachability(lambda: looks.append(monotonic()) is None)
    for _ in range(50):
        slow.suspect()
        wait_until(lambda: not slow._looking)
    assert len(looks) == 1
    assert not slow.silent


def test_who_looks_ends_with_the_store() -> None:
    looks: list[float] = []

    def speaks() -> bool:
        looks.append(monotonic())
        return False

    hanging = Reachability(speaks)
    hanging.suspect()
    hanging.suspect()
    wait_until(lambda: len(looks) > 1 and hanging.silent)
    hanging.close()
    hanging.suspect()
    seen = len(looks)
    sleep(1.2)
    assert len(looks) <= seen + 1


@contextmanager
def locked(url: str, *tables: str) -> Iterator[None]:
    """Let nobody read tables while the block runs."""
    with psycopg.connect(url) as connection:
        for table in tables:
            connection.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield


def works(deed: Callable[[], object]) -> bool:
    try:
        deed()
    except StoreUnavailable:
        return False
    return True


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not condition():
        assert monotonic() < deadline
        sleep(0.05)
