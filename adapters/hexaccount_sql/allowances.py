from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hexaccount.application.limits import Filling, Limit
from hexaccount.application.ports.allowances import Allowances, Exhausted
from hexaccount_sql.columns import Moment, Span
from hexaccount_sql.connections import store_errors
from hexaccount_sql.schema import allowances

_MOMENTS = (allowances.c.brief_until, allowances.c.lasting_until)
_KEY = sa.bindparam("for_key", type_=sa.Text)
_NOW = sa.bindparam("now", type_=Moment)
_HERE = allowances.c.key == _KEY
# A meter lost in a crash admits a few attempts more. To wait for the disk each time would let those who share a meter,
# as all behind one address do, pass one after the other at its pace.
_NOT_FLUSHED = sa.func.set_config("synchronous_commit", "off", sa.true()) == "off"


def _bound(name: str, moment: sa.Column[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(f"{name}_{moment.name}", type_=Moment)


def _filled(moment: sa.Column[Any]) -> sa.ColumnElement[Any]:
    """Say `Meter.fill`."""
    further = moment + sa.bindparam(f"interval_{moment.name}", type_=Span)
    return sa.case((moment > _NOW, further), else_=_bound("first", moment))


_FILLED = {moment.name: _filled(moment) for moment in _MOMENTS}
# `Meter` admits if max(until, now) + interval <= now + room; `latest` is now + room - interval, never below now.
_ROOM = sa.and_(*(moment <= _bound("latest", moment) for moment in _MOMENTS))
_COLUMNS = ("key", *(moment.name for moment in _MOMENTS))
_FIRST = (_KEY, *(_bound("first", moment) for moment in _MOMENTS))
_TAKE: dict[str, sa.Executable] = {
    "postgresql": postgresql.insert(allowances)
    .from_select(_COLUMNS, sa.select(*_FIRST).where(_NOT_FLUSHED))
    .on_conflict_do_update(index_elements=[allowances.c.key], set_=_FILLED, where=_ROOM)
    .returning(*_MOMENTS),
    "sqlite": sqlite.insert(allowances)
    .values(dict(zip(_COLUMNS, _FIRST, strict=True)))
    .on_conflict_do_update(index_elements=[allowances.c.key], set_=_FILLED, where=_ROOM)
    .returning(*_MOMENTS),
}
_UNDO = (
    sa.update(allowances)
    .where(_HERE, *(moment == _bound("after", moment) for moment in _MOMENTS))
    .values({moment.name: _bound("before", moment) for moment in _MOMENTS})
)
_GIVE_BACK = {"postgresql": _UNDO.where(_NOT_FLUSHED), "sqlite": _UNDO}
_FILLING = sa.select(*_MOMENTS).where(_HERE)


class SqlAllowances(Allowances):
    """Counts attempts in the table `allowances`, which is cleared of drained meters with the other leftovers."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def take(self, key: str, limit: Limit, now: datetime) -> Filling:
        dialect = self._engine.dialect.name
        with store_errors(), self._engine.connect() as connection:
            rows = connection.execute(_TAKE[dialect], _parameters(key, limit, now)).all()
            if rows:
                return Filling(*rows[0])
            rows = connection.execute(_FILLING, {"for_key": key}).all()
        raise Exhausted(Filling(*rows[0]) if rows else Filling(now, now))

    def give_back(self, key: str, limit: Limit, filling: Filling) -> None:
        before = limit.undo(filling)
        parameters = {
            "for_key": key,
            "after_brief_until": filling.brief_until,
            "after_lasting_until": filling.lasting_until,
            "before_brief_until": before.brief_until,
            "before_lasting_until": before.lasting_until,
        }
        self._run(_GIVE_BACK, parameters)

    def _run(self, statements: Mapping[str, sa.Executable], parameters: Mapping[str, Any]) -> None:
        with store_errors(), self._engine.connect() as connection:
            connection.execute(statements[self._engine.dialect.name], parameters)


def _parameters(key: str, limit: Limit, now: datetime) -> dict[str, Any]:
    parameters: dict[str, Any] = {"for_key": key, "now": now}
    for name, meter in (("brief_until", limit.brief), ("lasting_until", limit.lasting)):
        parameters[f"first_{name}"] = now + meter.interval
        parameters[f"interval_{name}"] = meter.interval
        parameters[f"latest_{name}"] = now + meter.room - meter.interval
    return parameters
