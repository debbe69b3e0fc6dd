"""Column types, conditions and index options that mean the same on every database."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def partial_index(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """Return the options of an index that holds only the rows that meet a condition."""
    return {f"{dialect}_where": condition for dialect in ("postgresql", "sqlite")}


class _MomentInMilliseconds(sa.types.TypeDecorator[datetime]):
    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: sa.Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: int | None, _dialect: sa.Dialect) -> datetime | None:
        return None if value is None else _EPOCH + value * _MILLISECOND


# Sessions of PostgreSQL have the time zone UTC.
Moment = sa.DateTime(timezone=True).with_variant(_MomentInMilliseconds(), "sqlite")
"""An aware datetime in UTC, in whole milliseconds; on SQLite an integer, milliseconds since 1970."""


class Texts(sa.types.TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, as a JSON array."""

    impl = sa.JSON
    cache_ok = True

    def process_result_value(self, value: Any, _dialect: sa.Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(value)


class _JsonList(sa.types.TypeDecorator[Collection[Any]]):
    impl = sa.Text
    cache_ok = True

    def __init__(self, item_type: sa.types.TypeEngine[Any]) -> None:
        super().__init__()
        self.item_type = item_type

    def process_bind_param(self, value: Collection[Any] | None, dialect: sa.Dialect) -> str:
        bind = self.item_type.dialect_impl(dialect).bind_processor(dialect)
        return json.dumps([bind(item) if bind else item for item in value or ()])


class Among(FunctionElement[bool]):
    """Whether a column has one of the values of a list.

    The list is one parameter, so that the text of a statement does not depend on its length.
    """

    inherit_cache = True

    def __init__(self, column: sa.ColumnElement[Any], parameter: str) -> None:
        kind = sa.ARRAY(column.type).with_variant(_JsonList(column.type), "sqlite")
        super().__init__(column, sa.bindparam(parameter, type_=kind))


@compiles(Among, "postgresql")
def _equals_any(among: Among, compiler: Any, **options: Any) -> Any:
    column, values = among.clauses
    return compiler.process(column == sa.any_(values), **options)


@compiles(Among, "sqlite")
def _in_json(among: Among, compiler: Any, **options: Any) -> Any:
    column, values = among.clauses
    listed = sa.func.json_each(values).table_valued("value", name="listed")
    return compiler.process(column.in_(sa.select(listed.c.value)), **options)
