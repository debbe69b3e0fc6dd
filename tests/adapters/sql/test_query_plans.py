"""Requests and relays find rows by an index, however large the tables are."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import PROFILES, Profiles, restore_profile
from hexaccount.accounts.users import USERS, Users
from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.conformance.suites.expired import KINDS, remove_expired
from hexaccount.events.ports import EventFilter, EventsUnitOfWork
from hexaccount.idempotency.idempotency_records import (
    IDEMPOTENCY_RECORDS,
    IdempotencyRecord,
    IdempotencyRecords,
    claim_key,
    release_key,
)
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.rate_limit import GcraBucket, RateLimit
from hexaccount.sessions.sessions import REFRESH_TOKENS, SESSIONS, Sessions
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_sql import SqlStore, schema
from hexaccount_sql.record_tables import table_of
from hexaccount_system import Uuid7Identifiers
from tests.plans.sql import counts, plan_of, statements_of, tables_scanned_in
from tests.servers.postgres import temporary_database

_MANY = 5_000
_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_ONE = UUID(int=_MANY // 2)

_LIMIT = RateLimit(GcraBucket(5, timedelta(seconds=12)), GcraBucket(8, timedelta(minutes=3)))

Read = Callable[[SqlStore], Any]


def within_one(read: Callable[[EventsUnitOfWork], Any]) -> Read:
    def run(store: SqlStore) -> None:
        with store.unit_of_work() as uow:
            read(uow)

    return run


def clear(kind: str, store: SqlStore) -> None:
    remove_expired(store, kind, before=_NOW, limit=5)


def read_history(event_filter: EventFilter, store: SqlStore) -> None:
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
    **{f"clear {kind}": partial(clear, kind) for kind in KINDS},
    "remove events": lambda store: store.retention_store.remove_events([_ONE, UUID(int=1)]),
    "restore events": lambda store: store.retention_store.restore_events(
        store.history.page(EventFilter(), limit=5, after=None)
    ),
    "hold": lambda store: hold(store, "s"),
    "hold with followers": lambda store: hold(store, "t"),
    "claim": lambda store: store.outbox.claim("s", limit=5, now=_NOW, lease=timedelta(seconds=30)),
    "claim with followers": lambda store: store.outbox.claim("t", limit=5, now=_NOW, lease=timedelta(seconds=30)),
}

_COUNTS: dict[str, Read] = {
    "take": lambda store: store.rate_limits.acquire({"key 7": _LIMIT, "key 8": _LIMIT}, _NOW),
    "give back": lambda store: store.rate_limits.refund({"key 7": _LIMIT, "key 8": _LIMIT}, timedelta()),
}


def hold(store: SqlStore, subscriber: str) -> None:
    with store.outbox.hold(subscriber, limit=5, now=_NOW, longest=timedelta(seconds=2)) as held:
        assert held.deliveries


def _live(uow: EventsUnitOfWork, after: UUID | None) -> None:
    Sessions(uow).live_of(Users(uow).get(_ONE), now=_NOW, limit=20, after=after)


@pytest.mark.parametrize("read", _READS.values(), ids=_READS)
def test_everything_is_found_by_an_index(full_store: SqlStore, read: Read) -> None:
    check_plans(full_store, read)


@pytest.mark.parametrize("full_store", ["postgresql"], indirect=True)
@pytest.mark.parametrize("count", _COUNTS.values(), ids=_COUNTS)
def test_an_attempt_finds_its_keys_by_an_index(full_store: SqlStore, count: Read) -> None:
    check_plans(full_store, count)


def check_plans(full_store: SqlStore, read: Read) -> None:
    sent = statements_of(lambda: read(full_store))
    assert sent
    for statement, parameters in sent:
        assert not counts(statement)
        plan = plan_of(full_store._engine, statement, parameters)
        assert not set(tables_scanned_in(plan)) & schema.metadata.tables.keys(), plan
        for line in plan.splitlines():
            # SQLite also calls reading an index in order a SCAN.
            assert not line.startswith("SCAN") or "USING" in line or line.startswith(_SCANS_OF_RESULTS), plan


def test_a_backlog_is_counted_by_an_index_up_to_the_limit(full_store: SqlStore) -> None:
    ((statement, parameters),) = statements_of(lambda: full_store.outbox.backlog("s", limit=7))
    plan = plan_of(full_store._engine, statement, parameters)
    assert not tables_scanned_in(plan), plan
    if full_store._engine.dialect.name == "postgresql":
        with full_store._engine.connect() as connection:
            explained = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            ).scalar_one()
        read = [node["Actual Rows"] for node in nodes_of(explained[0]["Plan"]) if "Index" in node["Node Type"]]
        assert sorted(read) == [1, 7, 7]
    else:
        assert plan.count("USING INDEX deliveries_pending") == 2, plan
        assert plan.count("INDEX deliveries_dead_letters") == 1, plan


@pytest.mark.parametrize("full_store", ["postgresql"], indirect=True)
def test_earlier_events_are_looked_for_only_where_a_number_is_missing(full_store: SqlStore) -> None:
    def begin_holding() -> None:
        with suppress(LookupError), full_store.outbox.hold("u", limit=5, now=_NOW, longest=timedelta(seconds=2)):
            raise LookupError

    ((statement, parameters),) = statements_of(begin_holding)
    for first_number, looks in ((1, 0), (2, 1)):
        with full_store._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql(f"DELETE FROM deliveries WHERE subscriber = 'u' AND sequence < {first_number}")
            explained = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}", parameters
            ).scalar_one()
            connection.exec_driver_sql("ROLLBACK")
        nodes = list(nodes_of(explained[0]["Plan"]))
        (earlier,) = [node for node in nodes if "sequence < front.sequence" in node.get("Index Cond", "")]
        assert earlier["Actual Loops"] == looks
        assert nodes[0]["Actual Rows"] == 4 - first_number


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes_of(part)


def test_events_of_a_type_are_found_by_its_index(full_store: SqlStore) -> None:
    sent = statements_of(lambda: full_store.history.page(EventFilter(types=["t"]), limit=5, after=_ONE))
    ((statement, parameters),) = sent
    assert "journal_type" in plan_of(full_store._engine, statement, parameters)


def test_live_sessions_are_found_without_reading_ended_ones(full_store: SqlStore) -> None:
    *_, (statement, parameters) = statements_of(lambda: _READS["first live sessions"](full_store))
    plan = plan_of(full_store._engine, statement, parameters)
    (found,) = [line for line in plan.splitlines() if "user_id" in line and "epoch" in line]
    assert "closed_at" in found, plan


def test_a_scan_and_a_count_are_detected(full_store: SqlStore) -> None:
    def execute(statement: str) -> None:
        with full_store._engine.connect() as connection:
            connection.exec_driver_sql(statement)

    ((search, parameters),) = statements_of(lambda: execute("SELECT name FROM users WHERE first_name = 'A'"))
    plan = plan_of(full_store._engine, search, parameters)
    assert tables_scanned_in(plan) == ["users"] or plan == "SCAN users"
    assert not counts(search)
    ((count, _),) = statements_of(lambda: execute("SELECT COUNT(*) FROM users"))
    assert counts(count)


_SCANS_OF_RESULTS = (
    "SCAN front", "SCAN steps", "SCAN chains", "SCAN (subquery", "SCAN CONSTANT ROW", "SCAN listed",
    "SCAN stored", "SCAN 2-ROW", "SCAN 5 CONSTANT ROWS",
)  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def full_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """Give a store with many rows in each table."""
    if request.param == "sqlite":
        yield from _filled(f"sqlite:///{tmp_path_factory.mktemp('plans')}/hexaccount.db")
    else:
        with temporary_database(request.getfixturevalue("postgres_server")) as url:
            yield from _filled(url)


def _filled(url: str) -> Iterator[SqlStore]:
    store = SqlStore(url, records=record_schema(), recorder=EventRecorder(Uuid7Identifiers(), "urn:hexaccount:sql"))
    try:
        store.migrate()
        with store._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN")
            for table, row in _ROWS.items():
                connection.execute(sa.insert(table), [row(number) for number in range(1, _MANY + 1)])
            common = {"aggregate": "user", "aggregate_id": _ONE}
            rows = [
                {**common, "subscriber": subscriber, "event_id": UUID(int=number), "sequence": number}
                for subscriber in ("t", "u")
                for number in (1, 2, 3)
            ]
            connection.execute(sa.insert(schema.deliveries), rows)
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("ANALYZE")
        yield store
    finally:
        store.close()


def _moment(number: int) -> datetime:
    """Return a moment in the past for every tenth row, else in the future."""
    return _NOW + timedelta(hours=1 if number % 10 else -1)


_TYPES = sorted(EVENT_TYPES)


def _type(number: int) -> str:
    return "t" if number % 100 == 0 else _TYPES[number % len(_TYPES)]


_ROWS: dict[sa.Table, Callable[[int], dict[str, Any]]] = {
    table_of(USERS): lambda n: {
        "id": UUID(int=n), "name": f"name{n}", "name_key": f"name{n}", "email": f"name{n}@example.org",
        "email_key": f"name{n}@example.org", "first_name": "A", "last_name": "B", "avatar_identifier": f"{n}",
        "roles": (), "registered_at": _NOW, "password_hash": "x" * 60, "email_verified": False,
        "disabled": False, "epoch": 0, "version": 1,
        "revision": 1,
    },
    table_of(SESSIONS): lambda n: {
        "id": UUID(int=n), "user_id": UUID(int=n), "epoch": 0, "client_address": "::1", "user_agent": "x" * 60,
        "opened_at": _NOW, "last_used_at": _NOW, "last_address": "", "last_agent": "",
        "idle_until": _moment(n), "expires_at": _NOW, "closed_at": _moment(n),
        "version": 1, "revision": 1,
    },
    table_of(PROFILES): lambda n: {"id": UUID(int=n), "bio": "x" * 60, "updated_at": _NOW, "version": 1, "revision": 1},
    schema.journal: lambda n: {
        "aggregate": "user", "aggregate_id": UUID(int=n), "sequence": 1, "id": UUID(int=n), "type": _type(n),
        "source": "urn:s", "subject": UUID(int=n), "time": _NOW, "dataschema": "urn:d", "actor": "service",
        "data": {"user_name": "x" * 60},
    },
    schema.deliveries: lambda n: {
        "subscriber": "s", "event_id": UUID(int=n), "aggregate": "user", "aggregate_id": UUID(int=n), "sequence": 1,
        "dead_letter": n % 500 == 0,
    },
    schema.inbox: lambda n: {"subscriber": f"s{n % 3}", "event_id": UUID(int=n << 80)},
    table_of(REFRESH_TOKENS): lambda n: {
        "digest": f"digest{n}", "session_id": UUID(int=n), "issued_at": _NOW, "spent_at": _moment(n), "salt": "salt",
        "revision": 1,
    },
    schema.rate_limits: lambda n: {
        "key": f"key{n}", "burst_until": _moment(n), "sustained_until": _moment(n), "taken_at": _NOW,
    },
    table_of(IDEMPOTENCY_RECORDS): lambda n: {
        "key": f"key{n}", "fingerprint": "f", "claimed_until": _NOW, "expires_at": _moment(n),
        "revision": 1,
    },
}  # fmt: skip
