"""Removes expired rows: each step is one statement, which finds its rows by an index.

On PostgreSQL the rows are chosen once, into an array, whatever the planner estimates; concurrent steps skip rows that
another one removes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import sqlalchemy as sa

from hexaccount.kernel.identifiers import first_id_at
from hexaccount.retention.ports import ExpiredKind, RetentionStore
from hexaccount_sql.columns import Moment
from hexaccount_sql.errors import store_errors
from hexaccount_sql.schema import deliveries, idempotency_records, inbox, rate_limits, refresh_tokens, sessions

Statements: TypeAlias = Mapping[str, sa.Executable]
"""A statement for each dialect."""

_BEFORE = sa.bindparam("before", type_=Moment)
_LIMIT = sa.bindparam("most", type_=sa.Integer)
_SUBSCRIBER = sa.bindparam("for_subscriber", type_=sa.Text)
_BEFORE_EVENT = sa.bindparam("before_event", type_=sa.Uuid)

# A session has ended when one of these moments has passed; each has an index.
_SESSION_ENDS = (sessions.c.closed_at, sessions.c.idle_until)


def _on_each(change: sa.Delete | sa.Update, key: sa.ColumnElement[Any], chosen: sa.Select[Any]) -> Statements:
    """Return the statements that change the rows with the chosen keys."""
    locked = chosen.correlate(None).limit(_LIMIT).with_for_update(skip_locked=True, of=change.table)
    array = sa.func.array(locked.scalar_subquery(), type_=sa.ARRAY(key.type))
    return {"postgresql": change.where(key == sa.any_(array)), "sqlite": change.where(key.in_(locked))}


def _has_none(rows: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Return whether a subquery finds no row; PostgreSQL may turn NOT EXISTS into a join that reads a whole table."""
    return rows.limit(1).scalar_subquery().is_(None)


def _tokens_of_ended(end: sa.Column[Any]) -> Statements:
    chosen = (
        sa.select(refresh_tokens.c.digest)
        .join(sessions, sessions.c.id == refresh_tokens.c.session_id)
        .where(end < _BEFORE)
        .order_by(end)
    )
    return _on_each(sa.delete(refresh_tokens), refresh_tokens.c.digest, chosen)


def _ended(end: sa.Column[Any]) -> Statements:
    token = sa.select(refresh_tokens.c.digest).where(refresh_tokens.c.session_id == sessions.c.id)
    chosen = sa.select(sessions.c.id).where(end < _BEFORE, _has_none(token)).order_by(end)
    return _on_each(sa.delete(sessions), sessions.c.id, chosen)


_spent = sa.select(refresh_tokens.c.digest).where(refresh_tokens.c.spent_at < _BEFORE)
_salted = _spent.where(refresh_tokens.c.salt.is_not(None))
_drained = sa.select(rate_limits.c.key).where(
    rate_limits.c.sustained_until < _BEFORE, rate_limits.c.burst_until < _BEFORE
)
_expired = sa.select(idempotency_records.c.key).where(idempotency_records.c.expires_at < _BEFORE)

_STEPS: Mapping[ExpiredKind, Sequence[Statements]] = {
    ExpiredKind.TOKENS_OF_ENDED_SESSIONS: [_tokens_of_ended(end) for end in _SESSION_ENDS],
    ExpiredKind.ENDED_SESSIONS: [_ended(end) for end in _SESSION_ENDS],
    ExpiredKind.SPENT_TOKENS: [
        _on_each(sa.delete(refresh_tokens), refresh_tokens.c.digest, _spent.order_by(refresh_tokens.c.spent_at))
    ],
    ExpiredKind.TOKEN_SALTS: [
        _on_each(
            sa.update(refresh_tokens).values(salt=sa.null()),
            refresh_tokens.c.digest,
            _salted.order_by(refresh_tokens.c.spent_at),
        )
    ],
    ExpiredKind.IDLE_RATE_LIMITS: [
        _on_each(sa.delete(rate_limits), rate_limits.c.key, _drained.order_by(rate_limits.c.sustained_until))
    ],
    ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS: [
        _on_each(
            sa.delete(idempotency_records),
            idempotency_records.c.key,
            _expired.order_by(idempotency_records.c.expires_at),
        )
    ],
}

# No index of the inbox begins with the event, so its few subscribers are visited one by one.
_FIRST_SUBSCRIBER = sa.select(sa.func.min(inbox.c.subscriber))
_NEXT_SUBSCRIBER = _FIRST_SUBSCRIBER.where(inbox.c.subscriber > _SUBSCRIBER)
_pending = sa.select(deliveries.c.event_id).where(
    deliveries.c.subscriber == inbox.c.subscriber, deliveries.c.event_id == inbox.c.event_id
)
_HANDLED = _on_each(
    sa.delete(inbox).where(inbox.c.subscriber == _SUBSCRIBER),
    inbox.c.event_id,
    sa.select(inbox.c.event_id)
    .where(inbox.c.subscriber == _SUBSCRIBER, inbox.c.event_id < _BEFORE_EVENT, _has_none(_pending))
    .order_by(inbox.c.event_id),
)


@dataclass(frozen=True, slots=True)
class SqlRetentionStore(RetentionStore):
    """Removes expired rows. Acknowledging a delivery removes its row at once."""

    engine: sa.Engine

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        with store_errors(), self.engine.connect() as connection:
            if kind is ExpiredKind.HANDLED_EVENTS:
                return self._clear_inbox(connection, before, limit)
            removed = 0
            for statements in _STEPS[kind]:
                removed += self._run(connection, statements, before=before, most=limit - removed)
            return removed

    def _clear_inbox(self, connection: sa.Connection, before: datetime, limit: int) -> int:
        removed = 0
        subscriber = connection.execute(_FIRST_SUBSCRIBER).scalar()
        while subscriber is not None and removed < limit:
            parameters: dict[str, Any] = {"for_subscriber": subscriber, "before_event": first_id_at(before)}
            removed += self._run(connection, _HANDLED, **parameters, most=limit - removed)
            subscriber = connection.execute(_NEXT_SUBSCRIBER, {"for_subscriber": subscriber}).scalar()
        return removed

    def _run(self, connection: sa.Connection, statements: Statements, **parameters: Any) -> int:
        changed: int = connection.execute(statements[self.engine.dialect.name], parameters).rowcount
        return changed
