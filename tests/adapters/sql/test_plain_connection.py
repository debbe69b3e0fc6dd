"""Statements of the driver mean what SQLAlchemy's mean."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.bootstrap.capabilities import record_schema
from hexaccount.kernel.records import Field, RecordType
from hexaccount_sql import SqlStore
from hexaccount_sql.columns import Among
from hexaccount_sql.plain_connection import PlainConnection, _written
from hexaccount_sql.record_tables import table_of
from hexaccount_sql.schema import rate_limits

_VALUES: dict[type, Any] = {
    UUID: UUID(int=7),
    str: "é\U0001f600 100 %s :x",
    int: 2**31 - 1,
    bool: True,
    datetime: datetime(2026, 3, 29, 2, 30, 0, 999_000, tzinfo=UTC),
    tuple: ("one", ""),
}


@pytest.mark.parametrize("record_type", record_schema().record_types, ids=lambda record_type: record_type.name)
@pytest.mark.parametrize("filled", [True, False])
def test_rows_have_the_values_and_types_that_sqlalchemy_reads(
    store: SqlStore, record_type: RecordType[Any], filled: bool
) -> None:
    def value_of(field: Field) -> Any:
        return _VALUES[field.type] if filled or not field.nullable else None

    row = {**{field.name: value_of(field) for field in record_type.fields}, "revision": 1}
    statement = sa.select(table_of(record_type))
    with PlainConnection(store._engine) as connection:
        connection.change(sa.insert(table_of(record_type)), row)
        (found,) = connection.fetch(statement)
        (expected,) = connection.execute(statement).all()
    assert found == tuple(expected) == tuple(row.values())
    assert [type(value) for value in found] == [type(value) for value in expected]


def test_a_list_of_any_length_has_the_same_text(store: SqlStore) -> None:
    sent: list[str] = []
    sa.event.listen(store._engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    statement = sa.select(rate_limits.c.key).where(Among(rate_limits.c.key, "keys"))
    with PlainConnection(store._engine) as connection:
        stored = ["'\"\\", "a,b", "{}"]
        for key in stored:
            row = {"key": key, "burst_until": _VALUES[datetime], "sustained_until": _VALUES[datetime]}
            connection.change(sa.insert(rate_limits), row)
        sent.clear()
        for length in (0, 1, 2, 2000):
            keys = [*stored, *map(str, range(length))]
            assert {key for (key,) in connection.fetch(statement, {"keys": keys})} == set(stored)
        assert connection.fetch(statement, {"keys": []}) == []
    assert len(set(sent)) == 1


def test_a_statement_is_compiled_once(store: SqlStore) -> None:
    statement = sa.select(rate_limits.c.key)
    _written.cache_clear()
    for _ in range(3):
        with PlainConnection(store._engine) as connection:
            connection.fetch(statement)
    assert _written.cache_info().misses == 1


def test_a_missing_parameter_is_not_taken_for_none(store: SqlStore) -> None:
    statement = sa.select(rate_limits.c.key).where(rate_limits.c.key.is_not_distinct_from(sa.bindparam("key")))
    with PlainConnection(store._engine) as connection, pytest.raises(exc.ProgrammingError):
        connection.fetch(statement)


def test_an_interrupted_statement_leaves_no_connection_in_the_pool(store: SqlStore) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with PlainConnection(store._engine) as connection:
        driver = connection.driver
        sa.event.listen(store._engine, "after_cursor_execute", interrupt)
        with pytest.raises(KeyboardInterrupt):
            connection.fetch(sa.select(rate_limits.c.key))
        sa.event.remove(store._engine, "after_cursor_execute", interrupt)
        connection.rollback()
        with pytest.raises(exc.ResourceClosedError):
            connection.fetch(sa.select(rate_limits.c.key))
    assert store._engine.pool.checkedout() == 0
    with PlainConnection(store._engine) as connection:
        assert connection.driver is not driver


def test_an_error_of_the_driver_is_sqlalchemys_without_the_values(store: SqlStore) -> None:
    row = {"key": "a secret", "burst_until": _VALUES[datetime], "sustained_until": _VALUES[datetime]}
    with PlainConnection(store._engine) as connection:
        connection.change(sa.insert(rate_limits), row)
        with pytest.raises(exc.IntegrityError) as raised:
            connection.change(sa.insert(rate_limits), row)
    assert "a secret" not in str(raised.value).partition("DETAIL")[0]
