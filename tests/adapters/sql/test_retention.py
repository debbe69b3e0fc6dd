"""Which rows are removed, and that acknowledged deliveries need no removal."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hexaccount.conformance.suites.expired import KINDS, remove_expired
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import save
from hexaccount.sessions.sessions import REFRESH_TOKENS, SESSIONS
from hexaccount_sql import SqlStore, schema
from hexaccount_sql.record_tables import table_of

_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_BEFORE = _NOW - timedelta(milliseconds=1)


def test_an_ended_session_is_removed_after_its_tokens_and_a_live_one_stays(store: SqlStore) -> None:
    put(store, table_of(SESSIONS), session(1, _BEFORE), session(2, _NOW), session(3, _NOW, closed_at=_BEFORE))
    put(store, table_of(REFRESH_TOKENS), *(token(f"{owner}{n}", owner) for owner in (1, 2, 3) for n in range(3)))
    assert clear(store, "ended_sessions") == 0
    assert [clear(store, "tokens_of_ended_sessions", limit=4) for _ in range(3)] == [4, 2, 0]
    assert [row.digest for row in rows(store, table_of(REFRESH_TOKENS))] == ["20", "21", "22"]
    assert [clear(store, "ended_sessions", limit=1) for _ in range(3)] == [1, 1, 0]
    assert [row.id for row in rows(store, table_of(SESSIONS))] == [UUID(int=2)]


def test_tokens_are_removed_by_the_moment_of_their_use(store: SqlStore) -> None:
    put(store, table_of(SESSIONS), session(1, _NOW))
    put(store, table_of(REFRESH_TOKENS), token("live", 1), token("old", 1, _BEFORE), token("young", 1, _NOW))
    assert [clear(store, "spent_tokens") for _ in range(2)] == [1, 0]
    assert {row.digest for row in rows(store, table_of(REFRESH_TOKENS))} == {"live", "young"}


def test_after_the_grace_period_only_the_salt_of_a_token_is_removed(store: SqlStore) -> None:
    spent = [("old", _BEFORE), ("older", _BEFORE - timedelta(days=1)), ("young", _NOW), ("live", None)]
    put(store, table_of(REFRESH_TOKENS), *(token(digest, 1, spent_at, salt="salt") for digest, spent_at in spent))
    assert [clear(store, "token_salts", limit=1) for _ in range(3)] == [1, 1, 0]
    salts = {row.digest: row.salt for row in rows(store, table_of(REFRESH_TOKENS))}
    assert salts == {"old": None, "older": None, "young": "salt", "live": "salt"}


@pytest.mark.parametrize(
    ("burst", "sustained", "removed"), [(_BEFORE, _BEFORE, True), (_NOW, _BEFORE, False), (_BEFORE, _NOW, False)]
)
def test_a_rate_limit_is_removed_once_both_buckets_have_drained(
    store: SqlStore, burst: datetime, sustained: datetime, removed: bool
) -> None:
    put(store, schema.rate_limits, {"key": "k", "burst_until": burst, "sustained_until": sustained})
    assert clear(store, "idle_rate_limits") == removed
    assert len(rows(store, schema.rate_limits)) == (not removed)


def test_an_acknowledged_delivery_leaves_no_row(store: SqlStore, factory: Factory) -> None:
    store.outbox.subscribe("subscriber", ["*"])
    save(store, factory.user(), factory.user())
    assert len(rows(store, schema.deliveries)) == 2
    claimed = store.outbox.claim("subscriber", limit=9, now=_NOW, lease=timedelta(seconds=30))
    store.outbox.acknowledge(claimed.deliveries)
    assert rows(store, schema.deliveries) == []


def test_no_event_is_removed(store: SqlStore, factory: Factory) -> None:
    save(store, factory.user(), factory.user())
    for kind in KINDS:
        remove_expired(store, kind, before=_NOW + timedelta(days=9999), limit=1000)
    assert len(rows(store, schema.journal)) == 2


def test_rows_locked_by_another_transaction_are_skipped(
    postgresql: SqlStore, within: Callable[[Callable[[], Any]], Any]
) -> None:
    put(postgresql, table_of(SESSIONS), *(session(number, _BEFORE) for number in (1, 2, 3)))
    with postgresql._engine.connect() as holder:
        holder.exec_driver_sql("BEGIN")
        holder.execute(sa.select(table_of(SESSIONS)).where(table_of(SESSIONS).c.id == UUID(int=2)).with_for_update())
        assert within(lambda: clear(postgresql, "ended_sessions")) == 2
        holder.exec_driver_sql("ROLLBACK")
    assert clear(postgresql, "ended_sessions") == 1


def session(number: int, idle_until: datetime, closed_at: datetime | None = None) -> dict[str, Any]:
    opened = {"id": UUID(int=number), "user_id": UUID(int=1), "epoch": 0, "client_address": "", "user_agent": ""}
    times = {
        "opened_at": _BEFORE,
        "last_used_at": _BEFORE,
        "last_address": "",
        "last_agent": "",
        "idle_until": idle_until,
        "expires_at": _NOW,
    }
    return {**opened, **times, "closed_at": closed_at, "version": 1, "revision": 1}


def token(digest: str, owner: int, spent_at: datetime | None = None, salt: str | None = None) -> dict[str, Any]:
    issued = {"digest": digest, "session_id": UUID(int=owner), "issued_at": _BEFORE, "revision": 1}
    return {**issued, "spent_at": spent_at, "salt": salt}


def put(store: SqlStore, table: sa.Table, *new: dict[str, Any]) -> None:
    with store._engine.connect() as connection:
        connection.execute(sa.insert(table), new)


def rows(store: SqlStore, table: sa.Table) -> list[Any]:
    with store._engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key)))


def clear(store: SqlStore, kind: str, limit: int = 100) -> int:
    return remove_expired(store, kind, before=_NOW, limit=limit)
