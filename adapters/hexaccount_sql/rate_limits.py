from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.ports import RateLimitStore, fill_all
from hexaccount_sql.columns import Among, Moment, Span
from hexaccount_sql.errors import store_errors
from hexaccount_sql.first_accepted import FirstAccepted
from hexaccount_sql.plain_connection import Parameters, PlainConnection, Row
from hexaccount_sql.schema import rate_limits

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


class SqlRateLimitStore(RateLimitStore):
    """Counts attempts in the table `rate_limits`; the retention worker removes drained rows.

    An attempt at stored keys is one statement. New keys are first inserted as drained.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        quicker = [commit_asynchronously] if engine.dialect.name == "postgresql" else []
        self._run = FirstAccepted(*quicker, commit_synchronously)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        number, dialect, parameters = len(limits), self._engine.dialect.name, _parameters(limits, now)
        with store_errors(), PlainConnection(self._engine) as connection:
            for _ in range(_ATTEMPTS):
                taken = _fillings(self._run(connection, _take(number), parameters))
                if taken:
                    return taken
                stored = _fillings(connection.fetch(_FILLINGS, {"keys": list(limits)}))
                states = {key: limits[key].cut(state, now) for key, state in stored.items()}
                self._replace(connection, stored, states)
                fill_all(limits, states, now)
                connection.change(_add(number, dialect), parameters)
        raise StoreUnavailable  # each time other clients changed the rows between the statements

    def refund(self, limits: Mapping[str, RateLimit], states: Mapping[str, BucketState]) -> None:
        with store_errors(), PlainConnection(self._engine) as connection:
            self._replace(connection, states, {key: limits[key].undo(state) for key, state in states.items()})

    def _replace(
        self, connection: PlainConnection, states: Mapping[str, BucketState], others: Mapping[str, BucketState]
    ) -> None:
        """Store other states, except at keys whose states are not these any more."""
        changed = [key for key, state in states.items() if others[key] != state]
        parameters: dict[str, Any] = {f"key_{row}": key for row, key in enumerate(changed)}
        for row, key in enumerate(changed):
            for moment, old, new in zip(_MOMENTS, _moments(states[key]), _moments(others[key]), strict=True):
                parameters |= {f"{moment.name}_old_{row}": old, f"{moment.name}_new_{row}": new}
        if changed:
            self._run(connection, _exchange(len(changed)), parameters)


def _parameters(limits: Mapping[str, RateLimit], now: datetime) -> Parameters:
    """Return the parameters of `_take`: `Meter` admits if until <= now + room - interval, which is never below now."""
    parameters: dict[str, Any] = {"now": now}
    for row, (key, limit) in enumerate(limits.items()):
        parameters[f"key_{row}"] = key
        for moment, meter in zip(_MOMENTS, (limit.burst, limit.sustained), strict=True):
            parameters[f"{moment.name}_interval_{row}"] = meter.interval
            parameters[f"{moment.name}_latest_{row}"] = now + meter.window - meter.interval
    return parameters


def _moments(state: BucketState) -> tuple[datetime, datetime]:
    return state.burst_until, state.sustained_until


def _fillings(rows: Sequence[Row]) -> dict[str, BucketState]:
    return {key: BucketState(burst_until, sustained_until) for key, burst_until, sustained_until in rows}


@lru_cache
def _take(number: int) -> sa.Update:
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
    return _update(stored).where(~missing_or_full.exists()).values(filled)


_ATTEMPT_COLUMNS: Mapping[str, sa.types.TypeEngine[Any]] = {"interval": Span, "latest": Moment}


@lru_cache
def _add(number: int, dialect: str) -> sa.ClauseElement:
    """Return the statement that inserts those of `number` keys that are not stored, as drained."""
    listed = _listed(number, _ATTEMPT_COLUMNS)
    drained = sa.select(listed.c.key, _NOW, _NOW).where(sa.true()).order_by(listed.c.key)
    return _INSERTS[dialect](rate_limits).from_select(rate_limits.c.keys(), drained).on_conflict_do_nothing()


@lru_cache
def _exchange(number: int) -> sa.Update:
    """Return the statement that writes new moments at `number` keys, except rows that do not have the old ones."""
    stored = _locked(_listed(number, {"old": Moment, "new": Moment}))
    unmoved = (stored.c[moment.name] == stored.c[f"{moment.name}_old"] for moment in _MOMENTS)
    return _update(stored).where(*unmoved).values({moment.name: stored.c[f"{moment.name}_new"] for moment in _MOMENTS})


def _update(stored: sa.CTE) -> sa.Update:
    return sa.update(rate_limits).where(rate_limits.c.key == stored.c.key).returning(rate_limits)


def commit_asynchronously(connection: PlainConnection, update: sa.Update, parameters: Parameters) -> Sequence[Row]:
    """Run a statement whose commit does not wait for the disk, which not every engine can."""
    return connection.fetch(_asynchronous(update), parameters)


@lru_cache
def _asynchronous(update: sa.Update) -> sa.Update:
    return update.where(_ASYNCHRONOUS_COMMIT)


def commit_synchronously(connection: PlainConnection, update: sa.Update, parameters: Parameters) -> Sequence[Row]:
    """Run a statement."""
    return connection.fetch(update, parameters)


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
