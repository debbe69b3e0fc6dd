"""Column types and index options that mean the same on every database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def partial_index(condition: sa.ColumnElement[bool]) -> dict[str, Any]:
    """Return the options of an index that holds only the rows that meet a condition."""
    return {f"{dialect}_where": condition for dialect in ("postgresql", "sqlite")}


class Moment(sa.types.TypeDecorator[datetime]):
    """An aware datetime in UTC, in whole milliseconds; on SQLite an integer, milliseconds since 1970."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(sa.BigInteger())
        return dialect.type_descriptor(sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        if value is None or dialect.name != "sqlite":
            return value
        return (value - _EPOCH) // _MILLISECOND

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if dialect.name == "sqlite":
            milliseconds: int = value
            return _EPOCH + milliseconds * _MILLISECOND
        moment: datetime = value.astimezone(UTC)
        return moment


class Span(sa.types.TypeDecorator[timedelta]):
    """A duration that can be added to a Moment, in whole milliseconds; on SQLite their number."""

    impl = sa.Interval
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.BigInteger() if dialect.name == "sqlite" else sa.Interval())

    def process_bind_param(self, value: timedelta | None, dialect: sa.Dialect) -> Any:
        return value if value is None or dialect.name != "sqlite" else value // _MILLISECOND


class Texts(sa.types.TypeDecorator[tuple[str, ...]]):
    """A tuple of texts, as a JSON array."""

    impl = sa.JSON
    cache_ok = True

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> tuple[str, ...] | None:  # noqa: ARG002
        return None if value is None else tuple(value)
