from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from hexaccount.kernel.rate_limit import BucketState, GcraBucket, RateLimit
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.rate_limits.ports import RateLimitStore, fill_all
from hexaccount_sql.columns import Among, Moment
from hexaccount_sql.errors import store_errors
from hexaccount_sql.first_accepted import FirstAccepted
from hexaccount_sql.plain_connection import Parameters, PlainConnection, Row
from hexaccount_sql.schema import rate_limits

Condition: TypeAlias = sa.ColumnElement[bool]
Builder: TypeAlias = Callable[[Condition], sa.ClauseElement]

_MOMENTS = (rate_limits.c.burst_until, rate_limits.c.sustained_until)
_NOW = sa.bindparam("now", type_=Moment)
_FILLINGS = sa.select(rate_limits).where(Among(rate_limits.c.key, "keys"))
_ATTEMPTS = 10
_MILLISECOND = timedelta(milliseconds=1)
# A row lost in a crash admits a few attempts more. Waiting for the disk would serialise all clients of one address.
_ASYNCHRONOUS_COMMIT = sa.literal_column("set_config('synchronous_commit', 'off', true) = 'off'", sa.Boolean())
_ANY_COMMIT = sa.true()


class SqlRateLimitStore(RateLimitStore):
    """Counts attempts in the table `rate_limits` of PostgreSQL; the retention worker removes drained rows.

    An attempt at one key that is stored is one statement. At several keys it is two, so that neither its statements nor
    its time reveal which keys are stored: those that are not are inserted as drained. The text of a statement does not
    depend on the number of keys, which are an array, as their durations are.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._run = FirstAccepted(commit_asynchronously, commit_synchronously)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        taking: Parameters = {
            "keys": list(limits),
            "now": now,
            **_durations(limits, "interval", lambda bucket: bucket.interval),
            **_durations(limits, "room", lambda bucket: bucket.window - bucket.interval),
        }
        with store_errors(), PlainConnection(self._engine) as connection:
            for attempt in range(_ATTEMPTS):
                if attempt or len(limits) > 1:
                    self._run(connection, _add, {"keys": taking["keys"], "now": now})
                if taken := _fillings(self._run(connection, _take, taking)):
                    return taken
                stored = _fillings(connection.fetch(_FILLINGS, {"keys": taking["keys"]}))
                states = {key: limits[key].cut(state, now) for key, state in stored.items()}
                if states != stored:
                    self._run(connection, _cut, taking)
                fill_all(limits, states, now)
        raise StoreUnavailable  # each time other clients changed the rows between the statements

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        durations = _durations(limits, "refund", lambda bucket: bucket.refundable(elapsed))
        with store_errors(), PlainConnection(self._engine) as connection:
            self._run(connection, _refund, {"keys": list(limits), **durations})


def _durations(limits: Mapping[str, RateLimit], name: str, of: Callable[[GcraBucket], timedelta]) -> Parameters:
    """Return a parameter for each moment: an array of what `of` returns for the bucket of each key."""
    return {
        f"burst_{name}": _array(of(limit.burst) for limit in limits.values()),
        f"sustained_{name}": _array(of(limit.sustained) for limit in limits.values()),
    }


def _array(durations: Iterable[timedelta]) -> str:
    """Return an array of PostgreSQL as text, which takes the driver a tenth of what a list of durations takes it."""
    return f"{{{','.join(f'{duration // _MILLISECOND}ms' for duration in durations)}}}"


def _fillings(rows: Sequence[Row]) -> dict[str, BucketState]:
    return {key: BucketState(burst_until, sustained_until) for key, burst_until, sustained_until in rows}


@lru_cache
def _take(also: Condition) -> sa.Update:
    """Return the statement that counts an attempt if all keys are stored and have capacity.

    `GcraBucket` admits if until <= now + window - interval, which is never below now.
    """
    listed = _listed("interval", "room")
    stored = _locked(listed)
    full = (stored.c[moment.name] > _NOW + _of(moment, listed, "room") for moment in _MOMENTS)
    missing_or_full = (
        sa.select(listed.c.key)
        .join_from(listed, stored, stored.c.key == listed.c.key, isouter=True)
        .where(sa.or_(stored.c.key.is_(None), *full))
        .correlate(None)
    )
    # `GcraBucket.fill`
    filled = {
        moment.name: sa.func.greatest(stored.c[moment.name], _NOW) + _of(moment, stored, "interval")
        for moment in _MOMENTS
    }
    return _update(stored, also).where(~missing_or_full.exists()).values(filled).returning(rate_limits)


@lru_cache
def _add(also: Condition) -> sa.ClauseElement:
    """Return the statement that inserts those of the keys that are not stored, as drained."""
    listed = _listed()
    drained = sa.select(listed.c.key, _NOW, _NOW).where(also).order_by(listed.c.key)
    added = postgresql.insert(rate_limits).from_select(rate_limits.c.keys(), drained)
    return added.on_conflict_do_nothing().returning(rate_limits.c.key)


@lru_cache
def _cut(also: Condition) -> sa.Update:
    """Return the statement that does what `RateLimit.cut` does."""
    stored = _locked(_listed("interval", "room"))
    cut = {
        moment.name: sa.func.least(
            stored.c[moment.name], _NOW + _of(moment, stored, "room") + _of(moment, stored, "interval")
        )
        for moment in _MOMENTS
    }
    return _update(stored, also).values(cut).returning(rate_limits.c.key)


@lru_cache
def _refund(also: Condition) -> sa.Update:
    """Return the statement that moves the moments back."""
    stored = _locked(_listed("refund"))
    return (
        _update(stored, also)
        .values({moment.name: stored.c[moment.name] - _of(moment, stored, "refund") for moment in _MOMENTS})
        .returning(rate_limits.c.key)
    )


def _update(stored: sa.CTE, also: Condition) -> sa.Update:
    return sa.update(rate_limits).where(rate_limits.c.key == stored.c.key, also)


def commit_asynchronously(connection: PlainConnection, build: Builder, parameters: Parameters) -> Sequence[Row]:
    """Run a statement whose commit does not wait for the disk, which not every engine can."""
    return connection.fetch(build(_ASYNCHRONOUS_COMMIT), parameters)


def commit_synchronously(connection: PlainConnection, build: Builder, parameters: Parameters) -> Sequence[Row]:
    """Run a statement."""
    return connection.fetch(build(_ANY_COMMIT), parameters)


def _locked(listed: sa.CTE) -> sa.CTE:
    """Return the stored rows of these keys with their durations, locked by key order to avoid deadlocks."""
    return (
        sa.select(rate_limits, *(column for column in listed.c if column.name != "key"))
        .join_from(rate_limits, listed, rate_limits.c.key == listed.c.key)
        .order_by(rate_limits.c.key)
        .with_for_update(of=rate_limits)
        .cte("stored")
    )


def _listed(*names: str) -> sa.CTE:
    """Return a table with the keys of the parameter, and with these durations for each moment.

    The arrays are results of queries, whose length the planner does not see: it would find plans for the array at hand
    better than one for any array, and make one for each execution, which takes it longer than the execution.
    """
    arrays: dict[str, Any] = {"key": sa.bindparam("keys", type_=sa.ARRAY(sa.Text))}
    for name in (f"{moment}_{name}" for moment in ("burst", "sustained") for name in names):
        arrays[name] = sa.cast(sa.bindparam(name, type_=sa.Text), sa.ARRAY(sa.Interval))
    columns = (sa.column(name, array.type.item_type) for name, array in arrays.items())
    unseen = (sa.select(array).scalar_subquery() for array in arrays.values())
    rows = sa.func.unnest(*unseen).table_valued(*columns, name="parameters").render_derived()
    return sa.select(rows).cte("listed")


def _of(moment: sa.Column[datetime], table: sa.CTE, name: str) -> sa.ColumnElement[timedelta]:
    return table.c[f"{moment.name.removesuffix('_until')}_{name}"]
