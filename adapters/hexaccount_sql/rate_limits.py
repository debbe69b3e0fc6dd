from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.ports import RateLimitStore, fill_all
from hexaccount_sql.columns import Among, Moment, Span
from hexaccount_sql.connections import transaction
from hexaccount_sql.errors import store_errors
from hexaccount_sql.first_accepted import FirstAccepted
from hexaccount_sql.plain_connection import Parameters, PlainConnection, Row
from hexaccount_sql.schema import rate_limits

Condition: TypeAlias = sa.ColumnElement[bool]
Builder: TypeAlias = Callable[[Condition], sa.ClauseElement]

_MOMENTS = (rate_limits.c.burst_until, rate_limits.c.sustained_until)
_NOW = sa.bindparam("now", type_=Moment)
_FILLINGS = sa.select(rate_limits).where(Among(rate_limits.c.key, "keys"))
_INSERTS: Mapping[str, Callable[[sa.Table], postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
_ATTEMPTS = 10
# A row lost in a crash admits a few attempts more. Waiting for the disk would serialise all clients of one address.
_ASYNCHRONOUS_COMMIT = sa.func.set_config("synchronous_commit", "off", sa.true()) == "off"
_ANY_COMMIT = sa.true()


class SqlRateLimitStore(RateLimitStore):
    """Counts attempts in the table `rate_limits`; the retention worker removes drained rows.

    An attempt at one key that is stored is one statement. At several keys it is two, and on SQLite one transaction, so
    that neither its statements nor its time reveal which keys are stored: those that are not are inserted as drained.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        quicker = [commit_asynchronously] if engine.dialect.name == "postgresql" else []
        self._run = FirstAccepted(*quicker, commit_synchronously)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        number, dialect, parameters = len(limits), self._engine.dialect.name, _parameters(limits, now)
        with store_errors(), PlainConnection(self._engine) as connection:
            for attempt in range(_ATTEMPTS):
                with transaction(connection) if dialect == "sqlite" else nullcontext():
                    if attempt or number > 1:
                        self._run(connection, partial(_add, number, dialect), parameters)
                    taken = _fillings(self._run(connection, partial(_take, number), parameters))
                if taken:
                    return taken
                stored = _fillings(connection.fetch(_FILLINGS, {"keys": list(limits)}))
                states = {key: limits[key].cut(state, now) for key, state in stored.items()}
                if states != stored:
                    self._run(connection, partial(_cut, number), parameters)
                fill_all(limits, states, now)
        raise StoreUnavailable  # each time other clients changed the rows between the statements

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        parameters: dict[str, Any] = {}
        for row, (key, limit) in enumerate(limits.items()):
            parameters[f"key_{row}"] = key
            for moment, bucket in zip(_MOMENTS, (limit.burst, limit.sustained), strict=True):
                parameters[f"{moment.name}_refund_{row}"] = bucket.refundable(elapsed)
        with store_errors(), PlainConnection(self._engine) as connection:
            self._run(connection, partial(_refund, len(limits)), parameters)


def _parameters(limits: Mapping[str, RateLimit], now: datetime) -> Parameters:
    """Return the parameters of `_take`: `Meter` admits if until <= now + room - interval, which is never below now."""
    parameters: dict[str, Any] = {"now": now}
    for row, (key, limit) in enumerate(limits.items()):
        parameters[f"key_{row}"] = key
        for moment, meter in zip(_MOMENTS, (limit.burst, limit.sustained), strict=True):
            parameters[f"{moment.name}_interval_{row}"] = meter.interval
            parameters[f"{moment.name}_latest_{row}"] = now + meter.window - meter.interval
    return parameters


def _fillings(rows: Sequence[Row]) -> dict[str, BucketState]:
    return {key: BucketState(burst_until, sustained_until) for key, burst_until, sustained_until in rows}


@lru_cache
def _take(number: int, also: Condition) -> sa.Update:
    """Return the statement that counts an attempt at `number` keys if all are stored and have capacity."""
    listed = _listed(number, _ATTEMPT_COLUMNS)
    stored = _locked(listed)
    full = (stored.c[moment.name] > listed.c[f"{moment.name}_latest"] for moment in _MOMENTS)
    missing_or_full = (
        sa.select(listed.c.key)
        .join_from(listed, stored, stored.c.key == listed.c.key, isouter=True)
        .where(sa.or_(stored.c.key.is_(None), *full))
        .correlate(None)
    )
    # `Meter.fill`
    filled = {
        moment.name: sa.case((stored.c[moment.name] > _NOW, stored.c[moment.name]), else_=_NOW)
        + stored.c[f"{moment.name}_interval"]
        for moment in _MOMENTS
    }
    return _update(stored, also).where(~missing_or_full.exists()).values(filled)


_ATTEMPT_COLUMNS: Mapping[str, sa.types.TypeEngine[Any]] = {"interval": Span, "latest": Moment}


@lru_cache
def _add(number: int, dialect: str, also: Condition) -> sa.ClauseElement:
    """Return the statement that inserts those of `number` keys that are not stored, as drained."""
    listed = _listed(number, _ATTEMPT_COLUMNS)
    drained = sa.select(listed.c.key, _NOW, _NOW).where(also).order_by(listed.c.key)
    added = _INSERTS[dialect](rate_limits).from_select(rate_limits.c.keys(), drained)
    return added.on_conflict_do_nothing().returning(rate_limits)


@lru_cache
def _cut(number: int, also: Condition) -> sa.Update:
    """Return the statement that does what `RateLimit.cut` does at `number` keys."""
    stored = _locked(_listed(number, _ATTEMPT_COLUMNS))
    cut = {}
    for moment in _MOMENTS:
        full = stored.c[f"{moment.name}_latest"] + stored.c[f"{moment.name}_interval"]
        cut[moment.name] = sa.case((stored.c[moment.name] > full, full), else_=stored.c[moment.name])
    return _update(stored, also).values(cut)


@lru_cache
def _refund(number: int, also: Condition) -> sa.Update:
    """Return the statement that moves the moments of `number` keys back."""
    stored = _locked(_listed(number, {"refund": Span}))
    return _update(stored, also).values(
        {moment.name: stored.c[moment.name] - stored.c[f"{moment.name}_refund"] for moment in _MOMENTS}
    )


def _update(stored: sa.CTE, also: Condition) -> sa.Update:
    return sa.update(rate_limits).where(rate_limits.c.key == stored.c.key, also).returning(rate_limits)


def commit_asynchronously(connection: PlainConnection, build: Builder, parameters: Parameters) -> Sequence[Row]:
    """Run a statement whose commit does not wait for the disk, which not every engine can."""
    return connection.fetch(build(_ASYNCHRONOUS_COMMIT), parameters)


def commit_synchronously(connection: PlainConnection, build: Builder, parameters: Parameters) -> Sequence[Row]:
    """Run a statement."""
    return connection.fetch(build(_ANY_COMMIT), parameters)


def _locked(listed: sa.CTE) -> sa.CTE:
    """Return the stored rows of these keys with their listed columns, locked by key order to avoid deadlocks."""
    return (
        sa.select(rate_limits, *(column for column in listed.c if column.name != "key"))
        .join_from(rate_limits, listed, rate_limits.c.key == listed.c.key)
        .order_by(rate_limits.c.key)
        .with_for_update(of=rate_limits)
        .cte("stored")
    )


def _listed(number: int, columns: Mapping[str, sa.types.TypeEngine[Any]]) -> sa.CTE:
    """Return a table of `number` rows of parameters: a key, and these columns for each moment."""
    kinds: dict[str, Any] = {"key": sa.Text}
    kinds |= {f"{moment.name}_{name}": kind for moment in _MOMENTS for name, kind in columns.items()}
    rows = (
        sa.select(*(sa.bindparam(f"{name}_{row}", type_=kind).label(name) for name, kind in kinds.items()))
        for row in range(number)
    )
    return sa.union_all(*rows).cte("listed")
