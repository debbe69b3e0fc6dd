"""What goes wrong between us and the server is repeated where it is safe, and nothing is done twice."""

import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.conformance.suites.owing import NOW, claim
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users, disable, journal_of, save, user_of
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.rate_limit import GcraBucket, RateLimit
from hexaccount_mongo import MongoStore
from hexaccount_mongo.errors import OperationRefused
from tests.adapters.mongo.conftest import open_store
from tests.servers.mongo import MongoServer, temporary_mongo_database

pytestmark = pytest.mark.long


@contextmanager
def failing(url: str, times: int | None, **what: Any) -> Iterator[None]:
    """Let the server fail the next commands of a kind, or all of them, of `hexaccount` only."""
    with MongoClient[dict[str, Any]](url) as client:
        data = {"appName": "hexaccount", **what}
        mode: Any = {"times": times} if times else "alwaysOn"
        client.admin.command({"configureFailPoint": "failCommand", "mode": mode, "data": data})
        try:
            yield
        finally:
            client.admin.command({"configureFailPoint": "failCommand", "mode": "off"})


TRANSIENT = {"errorCode": 112, "errorLabels": ["TransientTransactionError"]}


@pytest.mark.parametrize("commands", [["insert"], ["update"], ["find"], ["commitTransaction"]])
def test_a_transaction_that_was_aborted_is_repeated_whole(store: MongoStore, url: str, commands: list[str]) -> None:
    people = People()
    user = people.user()
    save(store, user)
    store.outbox.subscribe("subscriber", ["*"])
    with store.unit_of_work() as uow:
        uow.users.get(user.id).disable(people.now())
        uow.sessions.add(people.session(user))
        with failing(url, 3, failCommands=commands, **TRANSIENT):
            uow.commit()
    assert [entry.sequence for entry in journal_of(store, user)] == [1, 2]
    assert len(claim(store, "subscriber")) == 2


@pytest.mark.parametrize(
    "fault",
    [
        {"closeConnection": True},
        {"writeConcernError": {"code": 91, "errmsg": "shutting down", "errorLabels": ["RetryableWriteError"]}},
        {"writeConcernError": {"code": 64, "errmsg": "waiting for replication timed out"}},
        {"errorCode": 10107, "errorLabels": ["RetryableWriteError"]},
    ],
    ids=["connection closed", "committed by who shuts down", "replication late", "not primary"],
)
def test_a_commit_whose_outcome_is_unknown_is_sent_again_and_done_once(
    store: MongoStore, url: str, fault: dict[str, Any]
) -> None:
    people = People()
    user = people.user()
    store.outbox.subscribe("subscriber", ["*"])
    with failing(url, 2, failCommands=["commitTransaction"], **fault):
        save(store, user)
    assert [found.id for found in all_users(store)] == [user.id]
    assert len(claim(store, "subscriber")) == len(journal_of(store, user)) == 1
    disable(store, user.id, people.now())
    assert user_of(store, user.id).version == 2


@pytest.mark.parametrize(
    "fault",
    [{"closeConnection": True}, {"errorCode": 10107}, {"errorCode": 11600}],
    ids=["closed", "demoted", "ending"],
)
def test_a_server_that_never_takes_a_commit_is_unavailable(store: MongoStore, url: str, fault: dict[str, Any]) -> None:
    user = People().user()
    with failing(url, None, failCommands=["commitTransaction"], **fault), pytest.raises(StoreUnavailable):
        save(store, user)
    assert all_users(store) == []
    with MongoClient[dict[str, Any]](url) as client:
        # The transaction, which the server was never asked to commit, holds its documents until its session ends.
        client.admin.command("killAllSessions", [])
    save(store, People().user())
    assert len(all_users(store)) == 1


def test_a_transaction_that_is_always_aborted_is_given_up(store: MongoStore, url: str) -> None:
    begun = time.monotonic()
    with failing(url, None, failCommands=["insert"], **TRANSIENT), pytest.raises(StoreUnavailable):
        save(store, People().user())
    assert time.monotonic() - begun < 15
    assert all_users(store) == []


def test_what_is_no_transient_fault_is_not_repeated(store: MongoStore, url: str) -> None:
    people = People()
    with failing(url, 1, failCommands=["insert"], errorCode=8000), pytest.raises(OperationRefused, match="8000"):
        save(store, people.user())
    assert all_users(store) == []


def test_a_read_survives_one_lost_connection(store: MongoStore, url: str) -> None:
    user = People().user()
    save(store, user)
    with failing(url, 1, failCommands=["find"], closeConnection=True):
        assert user_of(store, user.id).id == user.id


def test_an_attempt_is_counted_once_over_a_lost_connection(store: MongoStore, url: str) -> None:
    meter = GcraBucket(5, timedelta(seconds=10))
    limit = RateLimit(meter, meter)
    with failing(url, 1, failCommands=["findAndModify"], closeConnection=True):
        assert store.rate_limits.take({"key": limit}, NOW)["key"].burst_until == NOW + meter.interval
    with failing(url, 2, failCommands=["update"], **TRANSIENT):
        taken = store.rate_limits.take({"key": limit, "other": limit}, NOW)
    assert taken["key"].burst_until == NOW + 2 * meter.interval
    assert taken["other"].burst_until == NOW + meter.interval


def test_a_server_that_hangs_or_is_gone_is_unavailable_and_used_again_when_it_is_back(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server, temporary_mongo_database(server.url) as url:
        store = open_store(f"{url}&timeoutMS=2000&serverSelectionTimeoutMS=1000&heartbeatFrequencyMS=500")
        store.migrate()
        people = People()
        save(store, people.user())
        server.pause()
        for deed in (store.check, lambda: all_users(store), lambda: save(store, people.user())):
            begun = time.monotonic()
            with pytest.raises(StoreUnavailable):
                deed()
            assert time.monotonic() - begun < 15
        server.resume()
        _await(store)
        user = people.user()
        save(store, user)
        assert user_of(store, user.id)
        server.stop()
        with pytest.raises(StoreUnavailable):
            store.check()
        server.start()
        _await(store)
        assert user_of(store, user.id).version == 1
        store.close()


def test_nobody_waits_for_a_server_that_has_been_gone_for_long(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with MongoServer(tmp_path) as server, temporary_mongo_database(server.url) as url:
        store = open_store(f"{url}&serverSelectionTimeoutMS=1000&heartbeatFrequencyMS=500")
        store.migrate()
        people = People()
        user = people.user()
        save(store, user)
        server.stop()
        _await_absence(store)
        with caplog.at_level(logging.DEBUG, "pymongo.serverSelection"):
            for deed in (store.check, lambda: all_users(store), lambda: save(store, people.user())):
                with pytest.raises(StoreUnavailable, match="Connection refused"):
                    deed()
            assert [record for record in caplog.records if record.name == "pymongo.serverSelection"] == []
            server.start()
            _await(store)
            assert user_of(store, user.id).version == 1
        assert [record for record in caplog.records if record.name == "pymongo.serverSelection"] != []
        server.stop()
        caplog.clear()
        caplog.set_level(logging.DEBUG, "pymongo.serverSelection")
        _await_absence(store)
        assert caplog.records, "the next absence is waited for again"
        store.close()
        server.start()  # so that its database can be dropped


def _await_absence(store: MongoStore) -> None:
    """Return once an operation has waited for a primary in vain, as an election might have been under way."""
    deadline = time.monotonic() + 30
    while True:
        with pytest.raises(StoreUnavailable) as told:
            store.check()
        if "Connection refused" in str(told.value):
            return
        assert time.monotonic() < deadline, "that there is no primary is not told"


def _await(store: MongoStore) -> None:
    """Return once the driver has seen that the server is back."""
    deadline = time.monotonic() + 30
    while True:
        try:
            store.check()
        except StoreUnavailable:
            assert time.monotonic() < deadline, "the server that is back is not used"
            time.sleep(0.05)
        else:
            return


def test_what_was_committed_outlives_a_kill(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server, temporary_mongo_database(server.url) as url:
        store = open_store(url)
        store.migrate()
        people = People()
        users = [people.user() for _ in range(20)]
        for user in users:
            save(store, user)
        server.kill()
        server.start()
        assert {user.id for user in all_users(store)} == {user.id for user in users}
        store.close()


@pytest.mark.parametrize(
    ("code", "told"), [(18, "it refuses the user or the password"), (13, "its user may not do this")]
)
def test_a_server_that_does_not_let_us_in_is_told(store: MongoStore, url: str, code: int, told: str) -> None:
    with failing(url, 1, failCommands=["find"], errorCode=code), pytest.raises(StoreUnavailable, match=told):
        store.check()


def test_a_refused_registration_shows_nothing_of_the_document_in_its_traceback(store: MongoStore) -> None:
    people = People()
    save(store, people.user("anna", "anna@example.org"))
    for again, refusal in (
        (people.user("anna", password_hash="a hash to hide"), UserNameTaken),
        (people.user(email="anna@example.org", password_hash="a hash to hide"), EmailTaken),
    ):
        with pytest.raises(refusal) as told:
            save(store, again)
        assert "a hash to hide" not in "".join(traceback.format_exception(told.value))
    broken = people.user(password_hash="a hash to hide")
    broken.avatar_identifier = None  # type: ignore[assignment]  # what a validator refuses
    with pytest.raises(OperationRefused, match="121") as told:
        save(store, broken)
    assert "a hash to hide" not in "".join(traceback.format_exception(told.value))


def test_the_driver_logs_no_command(store: MongoStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    save(store, People().user())
    assert [record for record in caplog.records if record.name.startswith("pymongo")] == []
