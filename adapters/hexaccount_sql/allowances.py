from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore
from hexaccount.rate_limits.rate_limit import BucketState, RateLimit
from hexaccount_sql.columns import Moment, Span
from hexaccount_sql.errors import store_errors
from hexaccount_sql.schema import rate_limits

_MOMENTS = (rate_limits.c.burst_until, rate_limits.c.sustained_until)
_NOW = sa.bindparam("now", type_=Moment)
_FILLINGS = sa.select(rate_limits).where(rate_limits.c.key.in_(sa.bindparam("keys", expanding=True)))
_INSERTS: Mapping[str, Callable[[sa.Table], postgresql.Insert | sqlite.Insert]] = {
    "postgresql": postgresql.insert,
    "sqlite": sqlite.insert,
}
_TRIES = 10
# A meter lost in a crash admits a few attempts more. To wait for the disk each time would let those who share a meter,
# as all behind one address do, pass one after the other at its pace.
_NOT_FLUSHED = sa.func.set_config("synchronous_commit", "off", sa.true()) == "off"


class SqlRateLimitStore(RateLimitStore):
    """Counts attempts in the table `allowances`, which is cleared of drained meters with the other leftovers.

    An attempt at keys that are known is one statement. New ones are written first, as drained meters.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        number, dialect, parameters = len(limits), self._engine.dialect.name, _wanted(limits, now)
        with store_errors(), self._engine.connect() as connection:
            for _ in range(_TRIES):
                taken = _fillings(connection.execute(_take(number, dialect), parameters))
                if taken:
                    return taken
                there = _fillings(connection.execute(_FILLINGS, {"keys": list(limits)}))
                for key, limit in limits.items():
                    if limit.fill(there.get(key), now) is None:
                        raise LimitExceeded(key, there[key])
                connection.execute(_add(number, dialect), parameters)
        raise StoreUnavailable  # each time others had just filled a meter, and emptied it before it was looked at

    def refund(self, limits: Mapping[str, RateLimit], bucket_states: Mapping[str, BucketState]) -> None:
        parameters: dict[str, Any] = {}
        for row, (key, after) in enumerate(bucket_states.items()):
            before = limits[key].undo(after)
            parameters[f"key_{row}"] = key
            for moment in _MOMENTS:
                parameters[f"{moment.name}_after_{row}"] = getattr(after, moment.name)
                parameters[f"{moment.name}_before_{row}"] = getattr(before, moment.name)
        with store_errors(), self._engine.connect() as connection:
            connection.execute(_give_back(len(bucket_states), self._engine.dialect.name), parameters)


def _wanted(limits: Mapping[str, RateLimit], now: datetime) -> dict[str, Any]:
    """Return what `_take` takes: `Meter` admits if until <= now + room - interval, which is never below now."""
    parameters: dict[str, Any] = {"now": now}
    for row, (key, limit) in enumerate(limits.items()):
        parameters[f"key_{row}"] = key
        for moment, meter in zip(_MOMENTS, (limit.burst, limit.sustained), strict=True):
            parameters[f"{moment.name}_interval_{row}"] = meter.interval
            parameters[f"{moment.name}_latest_{row}"] = now + meter.room - meter.interval
    return parameters


def _fillings(rows: sa.CursorResult[Any]) -> dict[str, BucketState]:
    return {row.key: BucketState(row.burst_until, row.sustained_until) for row in rows}


@lru_cache
def _take(number: int, dialect: str) -> sa.Update:
    """Return the statement that takes from so many keys if all of them are there and have room."""
    wanted = _listed(number, _WANTED)
    there = _locked(wanted)
    full = (there.c[moment.name] > wanted.c[f"{moment.name}_latest"] for moment in _MOMENTS)
    missing_or_full = (
        sa.select(wanted.c.key)
        .join_from(wanted, there, there.c.key == wanted.c.key, isouter=True)
        .where(sa.or_(there.c.key.is_(None), *full))
        .correlate(None)
    )
    # `Meter.fill`
    filled = {
        moment.name: sa.case((there.c[moment.name] > _NOW, there.c[moment.name]), else_=_NOW)
        + there.c[f"{moment.name}_interval"]
        for moment in _MOMENTS
    }
    return _update(there, dialect).where(~missing_or_full.exists()).values(filled)


_WANTED: Mapping[str, type[Moment | Span]] = {"interval": Span, "latest": Moment}


@lru_cache
def _add(number: int, dialect: str) -> sa.Executable:
    """Return the statement that writes drained meters for those of so many keys that are not there."""
    listed = _listed(number, _WANTED)
    drained = sa.select(listed.c.key, _NOW, _NOW).where(sa.true()).order_by(listed.c.key)
    return _INSERTS[dialect](rate_limits).from_select(rate_limits.c.keys(), drained).on_conflict_do_nothing()


@lru_cache
def _give_back(number: int, dialect: str) -> sa.Update:
    """Return the statement that undoes an attempt at so many keys, each of them where nobody has moved it since."""
    there = _locked(_listed(number, {"after": Moment, "before": Moment}))
    unmoved = (there.c[moment.name] == there.c[f"{moment.name}_after"] for moment in _MOMENTS)
    before = {moment.name: there.c[f"{moment.name}_before"] for moment in _MOMENTS}
    return _update(there, dialect).where(*unmoved).values(before)


def _update(there: sa.CTE, dialect: str) -> sa.Update:
    update = sa.update(rate_limits).where(rate_limits.c.key == there.c.key).returning(rate_limits)
    return update.where(_NOT_FLUSHED) if dialect == "postgresql" else update


def _locked(listed: sa.CTE) -> sa.CTE:
    """Return the rows of these keys with what is listed for them, locked so that they stay as they are found.

    They are locked in the order of their keys: no two who want the same keys wait for each other.
    """
    return (
        sa.select(rate_limits, *(column for column in listed.c if column.name != "key"))
        .join_from(rate_limits, listed, rate_limits.c.key == listed.c.key)
        .order_by(rate_limits.c.key)
        .with_for_update(of=rate_limits)
        .cte("there")
    )


def _listed(number: int, columns: Mapping[str, type[Moment | Span]]) -> sa.CTE:
    """Return a table of so many rows, which are parameters: a key each, and these columns for each moment."""
    kinds: dict[str, Any] = {"key": sa.Text}
    kinds |= {f"{moment.name}_{name}": kind for moment in _MOMENTS for name, kind in columns.items()}
    rows = (
        sa.select(*(sa.bindparam(f"{name}_{row}", type_=kind).label(name) for name, kind in kinds.items()))
        for row in range(number)
    )
    return sa.union_all(*rows).cte("listed")
