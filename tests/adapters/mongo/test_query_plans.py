"""What people and relays wait for is found by an index, however much there is, and nothing is counted."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pymongo import MongoClient, monitoring
from pymongo.database import Database

from hexaccount.application.limits import Filling, Limit, Meter
from hexaccount.application.ports.clearing import Leftover
from hexaccount.application.ports.history import Chosen
from hexaccount.application.ports.keyed_requests import KeyedRequest
from hexaccount.application.ports.unit_of_work import UnitOfWork
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import disable, save
from hexaccount.domain.profile import Profile
from hexaccount_mongo import MongoStore
from tests.adapters.mongo.conftest import open_store
from tests.servers.mongo import temporary_mongo_database

_MANY = 300
_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_ONE = UUID(int=_MANY // 2)
_LIMIT = Limit(Meter(5, timedelta(seconds=12)), Meter(8, timedelta(minutes=3)))


def look_back(chosen: Chosen, store: MongoStore) -> None:
    for after in (None, _ONE):
        store.history.page(chosen, limit=5, after=after)
        store.history.by_aggregate(chosen, limit=5, after=after and ("user", after))


_CHOICES = {
    "of all": Chosen(),
    "of an account": Chosen(user_id=_ONE),
    "of types": Chosen(types=["t", "another"]),
    "from a point": Chosen(first=_ONE),
    "of an account from a point": Chosen(user_id=_ONE, types=["t"], first=_ONE),
}
_REQUEST = KeyedRequest(key="key7", fingerprint="f", claimed_until=_NOW, expires_at=_NOW)

Read = Callable[[MongoStore], Any]


def within_one(read: Callable[[UnitOfWork], Any]) -> Read:
    def run(store: MongoStore) -> None:
        with store.unit_of_work() as uow:
            read(uow)

    return run


def clear(kind: Leftover, store: MongoStore) -> None:
    store.clearing.clear(kind, before=_NOW, limit=5)


def _live(uow: UnitOfWork, after: UUID | None) -> None:
    uow.sessions.live_of(uow.users.get(_ONE), now=_NOW, limit=20, after=after)


def _register(store: MongoStore) -> None:
    people = People()
    user = people.user()
    save(store, user)
    disable(store, user.id, people.now())


_READS: dict[str, Read] = {
    "user": within_one(lambda uow: uow.users.get(_ONE)),
    "user by name": within_one(lambda uow: uow.users.find_by_name("name7")),
    "user by email": within_one(lambda uow: uow.users.find_by_email("name7@example.org")),
    "first users": within_one(lambda uow: uow.users.page(limit=20, after=None)),
    "next users": within_one(lambda uow: uow.users.page(limit=20, after=_ONE)),
    "session": within_one(lambda uow: uow.sessions.find(_ONE)),
    "session with user": within_one(lambda uow: uow.sessions.find_with_user(_ONE)),
    "session by token": within_one(lambda uow: uow.sessions.find_by_token("digest7")),
    "live sessions": within_one(lambda uow: _live(uow, None)),
    "older live sessions": within_one(lambda uow: _live(uow, UUID(int=2**128 - 1))),
    "profile": within_one(lambda uow: uow.profiles.find(_ONE)),
    "profiles": within_one(lambda uow: uow.profiles.prefetch([_ONE, UUID(int=1)])),
    "journal": within_one(lambda uow: uow.journal.of("user", _ONE)),
    "commit": _register,
    "event": lambda store: store.history.find(_ONE),
    **{f"history {name}": partial(look_back, chosen) for name, chosen in _CHOICES.items()},
    "owe": lambda store: store.outbox.owe("s", store.history.page(Chosen(), limit=5, after=None)),
    "restore": lambda store: store.stored_profiles.restore([Profile.create(_ONE, _NOW)]),
    "set aside": lambda store: store.set_aside.page(limit=20, after=None),
    "next set aside": lambda store: store.set_aside.page(limit=20, after=_ONE, subscriber="s"),
    "retry one": lambda store: store.set_aside.retry(event_id=_ONE, subscriber="s"),
    "keyed request": within_one(lambda uow: uow.keyed_requests.find("key7")),
    "claim a key": within_one(lambda uow: uow.keyed_requests.claim(_REQUEST, now=_NOW)),
    "release a key": within_one(lambda uow: uow.keyed_requests.release(_REQUEST)),
    "signing keys": lambda store: store.signing_keys.all(),
    **{f"clear {kind}": partial(clear, kind) for kind in Leftover},
    "take one": lambda store: store.allowances.take({"key 10": _LIMIT}, _NOW),
    "take two": lambda store: store.allowances.take({"key 10": _LIMIT, "key 20": _LIMIT}, _NOW),
    "give back": lambda store: store.allowances.give_back({"key 10": _LIMIT}, {"key 10": Filling(_NOW, _NOW)}),
    "claim": lambda store: store.outbox.claim("s", limit=5, now=_NOW, lease=timedelta(seconds=30)),
    "claim with followers": lambda store: store.outbox.claim("t", limit=5, now=_NOW, lease=timedelta(seconds=30)),
}
# What bypasses no index and needs none, and what ends or begins something.
_EXPLAINED = {"find", "aggregate", "update", "delete", "findAndModify"}
_NO_PLAN = {"insert", "commitTransaction", "abortTransaction", "hello", "endSessions", "ping", "getMore"}
_OPTIONS_OF_SENDING = {
    "lsid", "$db", "$clusterTime", "txnNumber", "startTransaction", "autocommit", "readConcern", "writeConcern",
    "$readPreference", "maxTimeMS",
}  # fmt: skip


class Listener(monitoring.CommandListener):
    """Keeps the commands that are sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        self.sent.append(dict(event.command))

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        """Return: what was sent is known."""

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        """Return: what was sent is known."""


_listener = Listener()


@pytest.fixture(scope="module")
def full(mongo_server: str) -> Iterator[tuple[MongoStore, Database[dict[str, Any]]]]:
    """Give a store that many people have used, and another view of its database."""
    with (
        temporary_mongo_database(mongo_server) as url,
        MongoClient[dict[str, Any]](url, uuidRepresentation="standard") as client,
    ):
        monitoring.register(_listener)  # every client that is made from now on
        store = open_store(url)
        store.migrate()
        database = client.get_default_database()
        for name, document in _DOCUMENTS.items():
            database[name].insert_many([document(number) for number in range(1, _MANY + 1)])
        followers = [
            {**_DOCUMENTS["deliveries"](n), "subscriber": "t", "aggregate_id": _ONE, "sequence": n, "set_aside": False}
            for n in (1, 2, 3)
        ]
        database["deliveries"].insert_many(followers)
        yield store, database
        store.close()
        monitoring._LISTENERS.command_listeners.remove(_listener)


@pytest.mark.parametrize("read", _READS.values(), ids=_READS)
def test_everything_is_found_by_an_index(full: tuple[MongoStore, Database[dict[str, Any]]], read: Read) -> None:
    store, database = full
    _listener.sent.clear()
    read(store)
    sent = list(_listener.sent)
    assert sent
    for command in sent:
        name = next(iter(command))
        assert name in _EXPLAINED | _NO_PLAN, f"{name} is sent"
        if name in _EXPLAINED:
            assert "$count" not in str(command)
            for one in each_of(command):
                told = str(plan_of(database, one))
                assert scans_in(told) == [], one
                assert any(stage in told for stage in ("IXSCAN", "IDHACK", "EXPRESS", "EOF")), told


def test_a_search_without_an_index_is_seen(full: tuple[MongoStore, Database[dict[str, Any]]]) -> None:
    _, database = full
    joined = [{"$lookup": {"from": "users", "localField": "bio", "foreignField": "first_name", "as": "x"}}]
    assert scans_in(str(plan_of(database, {"find": "users", "filter": {"first_name": "A"}}))) != []
    of_one: dict[str, Any] = {"aggregate": "profiles", "pipeline": [{"$match": {"_id": _ONE}}, *joined], "cursor": {}}
    assert scans_in(str(plan_of(database, of_one))) != []


def scans_in(told: str) -> list[str]:
    """Return what a plan tells of collections that are read as a whole, by itself or for what it joins."""
    return re.findall(r"COLLSCAN|NestedLoopJoin|HashJoin|'collectionScans': [1-9]\d*", told)


def each_of(command: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the commands of a batch of updates, as only one can be explained."""
    return [{**command, "updates": [update]} for update in command.get("updates", [])] or [command]


def plan_of(database: Database[dict[str, Any]], command: dict[str, Any]) -> Any:
    """Return the plan of a command as it was sent, with what was done for what it joins."""
    bare = {name: value for name, value in command.items() if name not in _OPTIONS_OF_SENDING}
    explain = {"explain": bare, "verbosity": "executionStats"}
    told = database.command(explain, codec_options=database.codec_options)
    told.pop("command", None)
    return told


def _moment(number: int) -> datetime:
    """Return a moment, that of every tenth document before now."""
    return _NOW + timedelta(hours=1 if number % 10 else -1)


_DOCUMENTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "users": lambda n: {
        "_id": UUID(int=n), "name": f"name{n}", "name_key": f"name{n}", "email": f"name{n}@example.org",
        "email_key": f"name{n}@example.org", "first_name": "A", "last_name": "B", "avatar_identifier": f"{n}",
        "roles": [], "registered_at": _NOW, "password_hash": "x" * 60, "disabled": False, "epoch": 0, "version": 1,
    },
    "sessions": lambda n: {
        "_id": UUID(int=n), "user_id": UUID(int=n), "epoch": 0, "client_address": "::1", "user_agent": "x" * 60,
        "opened_at": _NOW, "last_used_at": _NOW, "idle_until": _moment(n), "expires_at": _NOW, "closed_at": _moment(n),
        "version": 1,
    },
    "profiles": lambda n: {
        "_id": UUID(int=n), "bio": "x" * 60, "phone": None, "address": None, "updated_at": _NOW, "version": 1,
    },
    "journal": lambda n: {
        "_id": UUID(int=n), "aggregate": "user", "aggregate_id": UUID(int=n), "sequence": 1, "type": "t",
        "source": "urn:s", "subject": UUID(int=n), "time": _NOW, "dataschema": "urn:d", "causation_id": None,
        "traceparent": None, "data": {"user_name": "x" * 60},
    },
    "deliveries": lambda n: {
        "subscriber": "s", "event_id": UUID(int=n), "aggregate": "user", "aggregate_id": UUID(int=n), "sequence": 1,
        "attempts": 0, "free_at": datetime(1970, 1, 1, tzinfo=UTC), "lease": None, "set_aside": n % 50 == 0,
        "error": "",
    },
    "subscriptions": lambda n: {"_id": f"s{n}", "types": ["t"]},
    "inbox": lambda n: {"subscriber": f"s{n % 3}", "event_id": UUID(int=n << 80)},
    "refresh_tokens": lambda n: {
        "_id": f"digest{n}", "session_id": UUID(int=n), "issued_at": _NOW, "predecessor": None, "spent_at": _moment(n),
        "salt": "salt",
    },
    "allowances": lambda n: {"_id": f"key {n}", "brief_until": _moment(n), "lasting_until": _moment(n)},
    "idempotency_keys": lambda n: {
        "_id": f"key{n}", "fingerprint": "f", "claimed_until": _NOW, "user_id": None, "expires_at": _moment(n),
    },
}  # fmt: skip
