"""Adds to a schema what record types declare and the migrations did not make: tables, columns and indexes."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from hexaccount.kernel.records import RecordSchema
from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount_sql.record_tables import metadata_of


def missing_statements(connection: sa.Connection, records: RecordSchema) -> list[str]:
    """Return the statements that add what is missing.

    Raises StoreRefused where stored records would need a value that only the package which declares them knows.
    """
    inspector = sa.inspect(connection)
    columns = {name: {each["name"] for each in found} for (_, name), found in inspector.get_multi_columns().items()}
    indexes = {name: {each["name"] for each in found} for (_, name), found in inspector.get_multi_indexes().items()}
    statements: list[str] = []
    for record_type in records.record_types:
        table = metadata_of(records).tables[record_type.name]
        if table.name in columns:
            statements += _new_columns(connection, table, columns[table.name])
            statements += _new_indexes(connection, table, indexes[table.name])
        else:
            statements.append(str(CreateTable(table).compile(dialect=connection.dialect)))
            statements += _new_indexes(connection, table, set())
    return statements


def _new_columns(connection: sa.Connection, table: sa.Table, present: set[str]) -> Iterator[str]:
    for column in table.columns:
        if column.name in present:
            continue
        if not column.nullable and column.server_default is None:
            raise StoreRefused(
                f"the field {column.name} of {table.name} is new and may not be null, but there are records without it",
                "let the package that declares it make it nullable, or declare its value in these records (`added`)",
            )
        yield f"ALTER TABLE {table.name} ADD COLUMN {CreateColumn(column).compile(dialect=connection.dialect)}"


def _new_indexes(connection: sa.Connection, table: sa.Table, present: set[str | None]) -> Iterator[str]:
    """Yield the statements that make indexes while others write."""
    online = "INDEX CONCURRENTLY" if connection.dialect.name == "postgresql" else "INDEX"
    for index in sorted(table.indexes, key=lambda index: str(index.name)):
        if index.name not in present:
            yield str(CreateIndex(index).compile(dialect=connection.dialect)).replace("INDEX", online, 1)
