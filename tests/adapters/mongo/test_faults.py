"""Faults between store and server are retried where that is safe, and nothing happens twice."""

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
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.deliveries import NOW, claim
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_users, disable, journal_of, save, user_of
from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.sessions.sessions import Sessions
from hexaccount_mongo import MongoStore
from hexaccount_mongo.errors import OperationRefused
from tests.adapters.mongo.conftest import open_store
from tests.servers.mongo import MongoServer, temporary_mongo_database

pytestmark = pytest.mark.long


@contextmanager
def failing(url: str, times: int | None, **what: Any) -> Iterator[None]:
    """Let the server fail the next `times` commands of the store, or all of them."""
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
def test_an_aborted_transaction_is_repeated_as_a_whole(store: MongoStore, url: str, commands: list[str]) -> None:
    factory = Factory()
    user = factory.user()
    save(store, user)
    store.outbox.subscribe("subscriber", ["*"])
    with store.unit_of_work() as uow:
        Users(uow).get(user.id).disable(factory.now())
        Sessions(uow).add(factory.session(user))
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
    ids=["connection closed", "committed by a server that shuts down", "replication late", "not primary"],
)
def test_a_commit_with_an_unknown_result_is_sent_again_and_happens_once(
    store: MongoStore, url: str, fault: dict[str, Any]
) -> None:
    factory = Factory()
    user = factory.user()
    store.outbox.subscribe("subscriber", ["*"])
    with failing(url, 2, failCommands=["commitTransaction"], **fault):
        save(store, user)
    assert [found.id for found in all_users(store)] == [user.id]
    assert len(claim(store, "subscriber")) == len(journal_of(store, user)) == 1
    disable(store, user.id, factory.now())
    assert user_of(store, user.id).version == 2


@pytest.mark.parametrize(
    "fault",
    [{"closeConnection": True}, {"errorCode": 10107}, {"errorCode": 11600}],
    ids=["closed", "demoted", "ending"],
)
def test_a_server_that_never_commits_is_unavailable(store: MongoStore, url: str, fault: dict[str, Any]) -> None:
    user = Factory().user()
    with failing(url, None, failCommands=["commitTransaction"], **fault), pytest.raises(StoreUnavailable):
        save(store, user)
    assert all_users(store) == []
    with MongoClient[dict[str, Any]](url) as client:
        # The uncommitted transaction locks its documents until its session ends.
        client.admin.command("killAllSessions", [])
    save(store, Factory().user())
    assert len(all_users(store)) == 1


def test_a_transaction_that_is_always_aborted_fails(store: MongoStore, url: str) -> None:
    began = time.monotonic()
    with failing(url, None, failCommands=["insert"], **TRANSIENT), pytest.raises(StoreUnavailable):
        save(store, Factory().user())
    assert time.monotonic() - began < 15
    assert all_users(store) == []


def test_a_permanent_fault_is_not_retried(store: MongoStore, url: str) -> None:
    factory = Factory()
    with failing(url, 1, failCommands=["insert"], errorCode=8000), pytest.raises(OperationRefused, match="8000"):
        save(store, factory.user())
    assert all_users(store) == []


def test_a_read_survives_a_lost_connection(store: MongoStore, url: str) -> None:
    user = Factory().user()
    save(store, user)
    with failing(url, 1, failCommands=["find"], closeConnection=True):
        assert user_of(store, user.id).id == user.id


def test_an_attempt_is_counted_once_despite_a_lost_connection(store: MongoStore, url: str) -> None:
    meter = GcraBucket(5, timedelta(seconds=10))
    limit = RateLimit(meter, meter)
    with failing(url, 1, failCommands=["findAndModify"], closeConnection=True):
        assert store.rate_limits.acquire({"key": limit}, NOW)["key"].burst_until == NOW + meter.interval
    with failing(url, 2, failCommands=["update"], **TRANSIENT):
        taken = store.rate_limits.acquire({"key": limit, "other": limit}, NOW)
    assert taken["key"].burst_until == NOW + 2 * meter.interval
    assert taken["other"].burst_until == NOW + meter.interval


def test_a_hanging_or_stopped_server_is_unavailable_and_used_again_afterwards(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server, temporary_mongo_database(server.url) as url:
        store = open_store(f"{url}&timeoutMS=2000&serverSelectionTimeoutMS=1000&heartbeatFrequencyMS=500")
        store.migrate()
        factory = Factory()
        save(store, factory.user())
        server.pause()
        for action in (store.check, lambda: all_users(store), lambda: save(store, factory.user())):
            began = time.monotonic()
            with pytest.raises(StoreUnavailable):
                action()
            assert time.monotonic() - began < 15
        server.resume()
        _await(store)
        user = factory.user()
        save(store, user)
        assert user_of(store, user.id)
        server.stop()
        with pytest.raises(StoreUnavailable):
            store.check()
        server.start()
        _await(store)
        assert user_of(store, user.id).version == 1
        store.close()


def test_requests_fail_at_once_during_a_long_outage(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with MongoServer(tmp_path) as server, temporary_mongo_database(server.url) as url:
        store = open_store(f"{url}&serverSelectionTimeoutMS=1000&heartbeatFrequencyMS=500")
        store.migrate()
        factory = Factory()
        user = factory.user()
        save(store, user)
        server.stop()
        _await_outage(store)
        with caplog.at_level(logging.DEBUG, "pymongo.serverSelection"):
            for action in (store.check, lambda: all_users(store), lambda: save(store, factory.user())):
                with pytest.raises(StoreUnavailable, match="Connection refused"):
                    action()
            assert [record for record in caplog.records if record.name == "pymongo.serverSelection"] == []
            server.start()
            _await(store)
            assert user_of(store, user.id).version == 1
        assert [record for record in caplog.records if record.name == "pymongo.serverSelection"] != []
        server.stop()
        caplog.clear()
        caplog.set_level(logging.DEBUG, "pymongo.serverSelection")
        _await_outage(store)
        assert caplog.records, "the next outage is waited for again"
        store.close()
        server.start()  # so that its database can be dropped


def _await_outage(store: MongoStore) -> None:
    """Return once an operation has waited for a primary in vain."""
    deadline = time.monotonic() + 30
    while True:
        with pytest.raises(StoreUnavailable) as error:
            store.check()
        if "Connection refused" in str(error.value):
            return
        assert time.monotonic() < deadline, "the outage is not reported"


def _await(store: MongoStore) -> None:
    """Return once the driver has noticed that the server has returned."""
    deadline = time.monotonic() + 30
    while True:
        try:
            store.check()
        except StoreUnavailable:
            assert time.monotonic() < deadline, "the returned server is not used"
            time.sleep(0.05)
        else:
            return


def test_commits_survive_a_kill(tmp_path: Path) -> None:
    with MongoServer(tmp_path) as server, temporary_mongo_database(server.url) as url:
        store = open_store(url)
        store.migrate()
        factory = Factory()
        users = [factory.user() for _ in range(20)]
        for user in users:
            save(store, user)
        server.kill()
        server.start()
        assert {user.id for user in all_users(store)} == {user.id for user in users}
        store.close()


@pytest.mark.parametrize(
    ("code", "message"), [(18, "it refuses the user or the password"), (13, "its user may not do this")]
)
def test_a_refused_connection_is_reported(store: MongoStore, url: str, code: int, message: str) -> None:
    with failing(url, 1, failCommands=["find"], errorCode=code), pytest.raises(StoreUnavailable, match=message):
        store.check()


def test_the_traceback_of_a_refused_registration_contains_nothing_of_the_document(store: MongoStore) -> None:
    factory = Factory()
    save(store, factory.user("anna", "anna@example.org"))
    for again, refusal in (
        (factory.user("anna", password_hash="a hash to hide"), UserNameTaken),
        (factory.user(email="anna@example.org", password_hash="a hash to hide"), EmailTaken),
    ):
        with pytest.raises(refusal) as error:
            save(store, again)
        assert "a hash to hide" not in "".join(traceback.format_exception(error.value))
    broken = factory.user(password_hash="a hash to hide")
    broken.avatar_identifier = None  # type: ignore[assignment]  # the validator refuses it
    with pytest.raises(OperationRefused, match="121") as error:
        save(store, broken)
    assert "a hash to hide" not in "".join(traceback.format_exception(error.value))


def test_the_driver_logs_no_command(store: MongoStore, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    save(store, Factory().user())
    assert [record for record in caplog.records if record.name.startswith("pymongo")] == []
