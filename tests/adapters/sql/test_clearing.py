"""What is cleared, told row by row; and that deliveries clear themselves."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import save
from hexaccount.retention.ports import ExpiredKind
from hexaccount_sql import SqlStore, schema

_NOW = datetime(2027, 1, 1, tzinfo=UTC)
_BEFORE = _NOW - timedelta(milliseconds=1)


def test_a_session_goes_after_its_tokens_and_a_live_one_keeps_its_own(store: SqlStore) -> None:
    put(store, schema.sessions, session(1, _BEFORE), session(2, _NOW), session(3, _NOW, closed_at=_BEFORE))
    put(store, schema.refresh_tokens, *(token(f"{owner}{n}", owner) for owner in (1, 2, 3) for n in range(3)))
    assert clear(store, ExpiredKind.ENDED_SESSIONS) == 0
    assert [clear(store, ExpiredKind.TOKENS_OF_ENDED_SESSIONS, limit=4) for _ in range(3)] == [4, 2, 0]
    assert [row.digest for row in rows(store, schema.refresh_tokens)] == ["20", "21", "22"]
    assert [clear(store, ExpiredKind.ENDED_SESSIONS, limit=1) for _ in range(3)] == [1, 1, 0]
    assert [row.id for row in rows(store, schema.sessions)] == [UUID(int=2)]


def test_tokens_go_by_the_moment_of_their_spending(store: SqlStore) -> None:
    put(store, schema.sessions, session(1, _NOW))
    put(store, schema.refresh_tokens, token("live", 1), token("old", 1, _BEFORE), token("young", 1, _NOW))
    assert [clear(store, ExpiredKind.SPENT_TOKENS) for _ in range(2)] == [1, 0]
    assert {row.digest for row in rows(store, schema.refresh_tokens)} == {"live", "young"}


def test_of_a_token_whose_grace_is_over_only_the_salt_goes(store: SqlStore) -> None:
    spent = [("old", _BEFORE), ("older", _BEFORE - timedelta(days=1)), ("young", _NOW), ("live", None)]
    put(store, schema.refresh_tokens, *(token(digest, 1, spent_at, salt="salt") for digest, spent_at in spent))
    assert [clear(store, ExpiredKind.TOKEN_SALTS, limit=1) for _ in range(3)] == [1, 1, 0]
    salts = {row.digest: row.salt for row in rows(store, schema.refresh_tokens)}
    assert salts == {"old": None, "older": None, "young": "salt", "live": "salt"}


@pytest.mark.parametrize(
    ("brief", "lasting", "goes"), [(_BEFORE, _BEFORE, True), (_NOW, _BEFORE, False), (_BEFORE, _NOW, False)]
)
def test_an_allowance_goes_once_both_meters_have_drained(
    store: SqlStore, burst: datetime, sustained: datetime, goes: bool
) -> None:
    put(store, schema.rate_limits, {"key": "k", "burst_until": burst, "sustained_until": sustained})
    assert clear(store, ExpiredKind.IDLE_RATE_LIMITS) == goes
    assert len(rows(store, schema.rate_limits)) == (not goes)


def test_a_delivery_that_has_succeeded_is_a_row_that_is_gone(store: SqlStore, people: People) -> None:
    store.outbox.subscribe("subscriber", ["*"])
    save(store, people.user(), people.user())
    assert len(rows(store, schema.deliveries)) == 2
    store.outbox.acknowledge(store.outbox.claim("subscriber", limit=9, now=_NOW, lease=timedelta(seconds=30)))
    assert rows(store, schema.deliveries) == []


def test_the_journal_is_never_cleared(store: SqlStore, people: People) -> None:
    save(store, people.user(), people.user())
    for kind in ExpiredKind:
        store.retention_store.clear(kind, before=_NOW + timedelta(days=9999), limit=1000)
    assert len(rows(store, schema.journal)) == 2


def test_what_another_transaction_holds_is_passed_over(
    postgresql: SqlStore, within: Callable[[Callable[[], Any]], Any]
) -> None:
    put(postgresql, schema.sessions, *(session(number, _BEFORE) for number in (1, 2, 3)))
    with postgresql._engine.connect() as holder:
        holder.exec_driver_sql("BEGIN")
        holder.execute(sa.select(schema.sessions).where(schema.sessions.c.id == UUID(int=2)).with_for_update())
        assert within(lambda: clear(postgresql, ExpiredKind.ENDED_SESSIONS)) == 2
        holder.exec_driver_sql("ROLLBACK")
    assert clear(postgresql, ExpiredKind.ENDED_SESSIONS) == 1


def session(number: int, idle_until: datetime, closed_at: datetime | None = None) -> dict[str, Any]:
    opened = {"id": UUID(int=number), "user_id": UUID(int=1), "epoch": 0, "client_address": "", "user_agent": ""}
    times = {"opened_at": _BEFORE, "last_used_at": _BEFORE, "idle_until": idle_until, "expires_at": _NOW}
    return {**opened, **times, "closed_at": closed_at, "version": 1}


def token(digest: str, owner: int, spent_at: datetime | None = None, salt: str | None = None) -> dict[str, Any]:
    return {"digest": digest, "session_id": UUID(int=owner), "issued_at": _BEFORE, "spent_at": spent_at, "salt": salt}


def put(store: SqlStore, table: sa.Table, *new: dict[str, Any]) -> None:
    with store._engine.connect() as connection:
        connection.execute(sa.insert(table), new)


def rows(store: SqlStore, table: sa.Table) -> list[Any]:
    with store._engine.connect() as connection:
        return list(connection.execute(sa.select(table).order_by(*table.primary_key)))


def clear(store: SqlStore, kind: ExpiredKind, limit: int = 100) -> int:
    return store.retention_store.clear(kind, before=_NOW, limit=limit)
