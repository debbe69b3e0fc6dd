"""Requests and relays find documents by an index, however large the collections are, and count nothing."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
from pymongo import MongoClient
from pymongo.collection import Collection
from pymongo.database import Database

from hexaccount.accounts.errors import EmailTaken
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import Profiles, restore_profile
from hexaccount.accounts.users import USERS, Users
from hexaccount.conformance.suites.expired import KINDS, remove_expired
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import disable, save
from hexaccount.events.ports import EventFilter, EventsUnitOfWork
from hexaccount.idempotency.idempotency_records import IdempotencyRecord, IdempotencyRecords, claim_key, release_key
from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.sessions.sessions import Sessions
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount_mongo import MongoStore
from hexaccount_mongo.unique_values import id_of
from tests.adapters.mongo.conftest import open_store
from tests.plans.mongodb import EXPLAINED, NO_PLAN, counts, each_of, plan_of, scans_in, sent_commands
from tests.servers.mongo import temporary_mongo_database

_MANY = 300
_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_ONE = UUID(int=_MANY // 2)
_LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))


def read_history(event_filter: EventFilter, store: MongoStore) -> None:
    for after in (None, _ONE):
        store.history.page(event_filter, limit=5, after=after)
        store.history.by_aggregate(event_filter, limit=5, after=after and ("user", after))


_CHOICES = {
    "of all": EventFilter(),
    "of an account": EventFilter(user_id=_ONE),
    "of types": EventFilter(types=["t", "another"]),
    "from a point": EventFilter(first=_ONE),
    "of an account from a point": EventFilter(user_id=_ONE, types=["t"], first=_ONE),
}
_REQUEST = IdempotencyRecord(key="key7", fingerprint="f", claimed_until=_NOW, expires_at=_NOW)

Read = Callable[[MongoStore], Any]


def within_one(read: Callable[[EventsUnitOfWork], Any]) -> Read:
    def run(store: MongoStore) -> None:
        with store.unit_of_work() as uow:
            read(uow)

    return run


def clear(kind: str, store: MongoStore) -> None:
    remove_expired(store, kind, before=_NOW, limit=5)


def _live(uow: EventsUnitOfWork, after: UUID | None) -> None:
    Sessions(uow).live_of(Users(uow).get(_ONE), now=_NOW, limit=20, after=after)


def _register(store: MongoStore) -> None:
    factory = Factory()
    user = factory.user()
    save(store, user)
    disable(store, user.id, factory.now())


def _register_again(store: MongoStore) -> None:
    with pytest.raises(EmailTaken):
        save(store, Factory().user("unused", "name7@example.org"))


_READS: dict[str, Read] = {
    "user": within_one(lambda uow: Users(uow).get(_ONE)),
    "user by name": within_one(lambda uow: Users(uow).find_by_name("name7")),
    "user by email": within_one(lambda uow: Users(uow).find_by_email("name7@example.org")),
    "first users": within_one(lambda uow: Users(uow).page(limit=20, after=None)),
    "next users": within_one(lambda uow: Users(uow).page(limit=20, after=_ONE)),
    "session": within_one(lambda uow: Sessions(uow).find(_ONE)),
    "session with user": within_one(lambda uow: Sessions(uow).find_with_user(_ONE)),
    "session by token": within_one(lambda uow: Sessions(uow).find_by_token("digest7")),
    "live sessions": within_one(lambda uow: _live(uow, None)),
    "first live sessions": within_one(
        lambda uow: Sessions(uow).first_live_of(Users(uow).get(_ONE), now=_NOW, limit=20)
    ),
    "older live sessions": within_one(lambda uow: _live(uow, UUID(int=2**128 - 1))),
    "profile": within_one(lambda uow: Profiles(uow).find(_ONE)),
    "profiles": within_one(lambda uow: Profiles(uow).prefetch([_ONE, UUID(int=1)])),
    "journal": within_one(lambda uow: uow.journal.of("user", _ONE)),
    "commit": _register,
    "refused commit": _register_again,
    "event": lambda store: store.history.find(_ONE),
    **{f"history {name}": partial(read_history, event_filter) for name, event_filter in _CHOICES.items()},
    "owe": lambda store: store.outbox.enqueue("s", store.history.page(EventFilter(), limit=5, after=None)),
    "restore": lambda store: restore_profile(Profile.fold(Profile.create(_ONE, _NOW).pending), store.unit_of_work),
    "set aside": lambda store: store.dead_letters.page(limit=20, after=None),
    "next set aside": lambda store: store.dead_letters.page(limit=20, after=_ONE, subscriber="s"),
    "retry one": lambda store: store.dead_letters.retry(event_id=_ONE, subscriber="s"),
    "keyed request": within_one(lambda uow: IdempotencyRecords(uow).find("key7")),
    "claim a key": lambda store: claim_key(_REQUEST, store.unit_of_work, now=_NOW),
    "release a key": lambda store: release_key(_REQUEST, store.unit_of_work),
    "signing keys": lambda store: SigningKeys(store.unit_of_work).all(),
    **{f"clear {kind}": partial(clear, kind) for kind in KINDS},
    "remove events": lambda store: store.retention_store.remove_events([_ONE, UUID(int=1)]),
    "restore events": lambda store: store.retention_store.restore_events(
        store.history.page(EventFilter(), limit=5, after=None)
    ),
    "take one": lambda store: store.rate_limits.acquire({"key 10": _LIMIT}, _NOW),
    "take two": lambda store: store.rate_limits.acquire({"key 10": _LIMIT, "key 20": _LIMIT}, _NOW),
    "give back": lambda store: store.rate_limits.refund({"key 10": _LIMIT, "key 20": _LIMIT}, timedelta()),
    "claim": lambda store: store.outbox.claim("s", limit=5, now=_NOW, lease=timedelta(seconds=30)),
    "claim with followers": lambda store: store.outbox.claim("t", limit=5, now=_NOW, lease=timedelta(seconds=30)),
}

Full = tuple[MongoStore, Database[dict[str, Any]], list[dict[str, Any]]]


@pytest.fixture(scope="module")
def full(mongo_server: str) -> Iterator[Full]:
    """Give a store with many documents, its database on another client, and the list of the store's commands."""
    with (
        temporary_mongo_database(mongo_server) as url,
        MongoClient[dict[str, Any]](url, uuidRepresentation="standard") as client,
        sent_commands() as sent,
    ):
        store = open_store(url)
        store.migrate()
        database = client.get_default_database()
        for name, document in _DOCUMENTS.items():
            database[name].insert_many([document(number) for number in range(1, _MANY + 1)])
        for field, value in {"name_key": "name{}", "email_key": "name{}@example.org"}.items():
            database["unique_values"].insert_many(
                [
                    {"_id": id_of(USERS, field, value.format(number)), "key": UUID(int=number)}
                    for number in range(1, _MANY + 1)
                ]
            )
        followers = [
            {
                **_DOCUMENTS["deliveries"](n),
                "subscriber": "t",
                "aggregate_id": _ONE,
                "sequence": n,
                "dead_letter": False,
            }
            for n in (1, 2, 3)
        ]
        database["deliveries"].insert_many(followers)
        yield store, database, sent
        store.close()


@pytest.mark.parametrize("read", _READS.values(), ids=_READS)
def test_everything_is_found_by_an_index(full: Full, read: Read) -> None:
    store, database, sent = full
    sent.clear()
    read(store)
    assert sent
    for command in list(sent):
        name = next(iter(command))
        assert name in EXPLAINED | NO_PLAN, f"{name} is sent"
        assert not counts(command), command
        if name in EXPLAINED:
            for one in each_of(command):
                plan = str(plan_of(database, one))
                assert scans_in(plan) == [], one
                assert any(stage in plan for stage in ("IXSCAN", "DISTINCT_SCAN", "IDHACK", "EXPRESS", "EOF")), plan


@pytest.mark.parametrize("kind", KINDS)
def test_retention_reads_no_more_of_an_index_than_what_has_expired(full: Full, kind: str) -> None:
    store, database, sent = full
    sent.clear()
    clear(kind, store)
    read = [command for command in list(sent) if command.get("limit") != 1 and next(iter(command)) not in NO_PLAN]
    plans = [str(plan_of(database, command)) for command in read]
    assert plans
    assert [plan for plan in plans if re.search(r"'indexBounds': {'\w+': \['\[MinKey, MaxKey\]'\]", plan)] == []


def test_a_backlog_is_counted_by_an_index_up_to_the_limit(full: Full) -> None:
    store, database, sent = full
    sent.clear()
    store.outbox.backlog("s", limit=7)
    assert len(sent) == 3
    for command in list(sent):
        plan = plan_of(database, command)
        assert scans_in(str(plan)) == [], command
        examined = [int(number) for number in re.findall(r"'totalDocsExamined': (\d+)", str(plan))]
        assert 0 < max(examined) <= 7, plan


def test_a_search_without_an_index_is_seen(full: Full) -> None:
    _, database, _ = full
    joined = [{"$lookup": {"from": "users", "localField": "bio", "foreignField": "first_name", "as": "x"}}]
    assert scans_in(str(plan_of(database, {"find": "users", "filter": {"first_name": "A"}}))) != []
    of_one: dict[str, Any] = {"aggregate": "profiles", "pipeline": [{"$match": {"_id": _ONE}}, *joined], "cursor": {}}
    assert scans_in(str(plan_of(database, of_one))) != []


@pytest.mark.parametrize(
    "count",
    [
        lambda users: users.count_documents({}),
        lambda users: users.estimated_document_count(),
        lambda users: list(users.aggregate([{"$count": "users"}])),
    ],
)
def test_a_count_is_seen(mongo_server: str, count: Callable[[Collection[dict[str, Any]]], object]) -> None:
    with sent_commands() as sent, MongoClient[dict[str, Any]](mongo_server) as client:
        users = client["nowhere"]["users"]
        list(users.find())
        assert not any(map(counts, sent))
        count(users)
        assert any(map(counts, sent))


def _moment(number: int) -> datetime:
    """Return a moment in the past for every tenth document, else in the future."""
    return _NOW + timedelta(hours=1 if number % 10 else -1)


_DOCUMENTS: dict[str, Callable[[int], dict[str, Any]]] = {
    "users": lambda n: {
        "_id": UUID(int=n), "name": f"name{n}", "name_key": f"name{n}", "email": f"name{n}@example.org",
        "email_key": f"name{n}@example.org", "first_name": "A", "last_name": "B", "avatar_identifier": f"{n}",
        "roles": [], "registered_at": _NOW, "password_hash": "x" * 60, "email_verified": False,
        "disabled": False, "epoch": 0, "version": 1,
        "revision": 1,
    },
    "sessions": lambda n: {
        "_id": UUID(int=n), "user_id": UUID(int=n), "epoch": 0, "client_address": "::1", "user_agent": "x" * 60,
        "opened_at": _NOW, "last_used_at": _NOW, "last_address": "", "last_agent": "",
        "idle_until": _moment(n), "expires_at": _NOW, "closed_at": _moment(n),
        "version": 1, "revision": 1,
    },
    "profiles": lambda n: {
        "_id": UUID(int=n), "bio": "x" * 60, "phone": None, "address": None, "updated_at": _NOW, "version": 1,
        "revision": 1,
    },
    "journal": lambda n: {
        "_id": UUID(int=n), "aggregate": "user", "aggregate_id": UUID(int=n), "sequence": 1, "type": "t",
        "source": "urn:s", "subject": UUID(int=n), "time": _NOW, "dataschema": "urn:d", "actor": "service",
        "data": {"user_name": "x" * 60},
    },
    "deliveries": lambda n: {
        "subscriber": "s", "event_id": UUID(int=n), "aggregate": "user", "aggregate_id": UUID(int=n), "sequence": 1,
        "attempts": 0, "available_at": datetime(1970, 1, 1, tzinfo=UTC), "lease": None, "dead_letter": n % 50 == 0,
        "error": "",
    },
    "subscriptions": lambda n: {"_id": f"s{n}", "types": ["t"]},
    "inbox": lambda n: {"subscriber": f"s{n % 3}", "event_id": UUID(int=n << 80)},
    "refresh_tokens": lambda n: {
        "_id": f"digest{n}", "session_id": UUID(int=n), "issued_at": _NOW, "spent_at": _moment(n),
        "salt": "salt", "revision": 1,
    },
    "rate_limits": lambda n: {"_id": f"key {n}", "burst_until": _moment(n), "sustained_until": _moment(n)},
    "idempotency_records": lambda n: {
        "_id": f"key{n}", "fingerprint": "f", "claimed_until": _NOW, "user_id": None, "expires_at": _moment(n),
        "revision": 1,
    },
}  # fmt: skip
