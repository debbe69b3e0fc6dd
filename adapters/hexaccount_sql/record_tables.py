"""The tables of record types, made from their declarations.

Records refer to each other without foreign keys: each is a consistency boundary. Constraints keep what must be unique.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from hexaccount.kernel.records import Field, RecordSchema, RecordType
from hexaccount_sql.columns import Moment, Texts, partial_index
from hexaccount_sql.schema import add_indexes
from hexaccount_sql.schema import metadata as our_metadata

_TYPES: Mapping[type, sa.types.TypeEngine[Any] | type[sa.types.TypeEngine[Any]]] = {
    UUID: sa.Uuid,
    str: sa.Text,
    int: sa.Integer,
    bool: sa.Boolean,
    datetime: Moment,
    tuple: Texts,
}


_making = Lock()


def table_of(record_type: RecordType[Any]) -> sa.Table:
    """Return the table of a record type: a column for each field, and the revision as the last.

    There is one for each: a statement that was made of two would name the table twice, and a database refuses it.
    """
    with _making:
        return _made(record_type)


@cache
def _made(record_type: RecordType[Any]) -> sa.Table:
    return _add_table(record_type, sa.MetaData())


def _add_table(record_type: RecordType[Any], metadata: sa.MetaData) -> sa.Table:
    columns = [
        sa.Column(
            field.name,
            _TYPES[field.type],
            primary_key=field is record_type.key,
            nullable=field.nullable,
            server_default=_default_of(field),
        )
        for field in record_type.fields
    ]
    unique = [sa.UniqueConstraint(rule.field, name=f"{record_type.name}_{rule.field}") for rule in record_type.unique]
    revision = sa.Column("revision", sa.Integer, nullable=False)
    return sa.Table(record_type.name, metadata, *columns, revision, *unique)


def _default_of(field: Field) -> sa.ColumnElement[Any] | None:
    """Return what a release that does not know the field stores in it."""
    match field.added_as:
        case None:
            return None
        case tuple() as texts:
            return sa.literal(json.dumps(texts), sa.Text())
        case value:
            return sa.literal(value, _TYPES[field.type])


def table_names_of(schema: RecordSchema) -> set[str]:
    """Return the names of all tables: ours, and those of a schema."""
    return {*our_metadata.tables, *(record_type.name for record_type in schema.record_types)}


@cache
def metadata_of(schema: RecordSchema) -> sa.MetaData:
    """Return all tables: ours, and those of a schema with the indexes for look-ups, references and expiries."""
    metadata = sa.MetaData()
    for table in our_metadata.sorted_tables:
        table.to_metadata(metadata)
    add_indexes(metadata.tables)
    for record_type in schema.record_types:
        table = _add_table(record_type, metadata)
        for look_up in record_type.look_ups:
            _add_index(table, look_up.indexed)
        if record_type.reference is not None:
            _add_index(table, (record_type.reference.field,))
    for expiry in schema.expiries:
        reference = expiry.record_type.reference if expiry.of_reference else None
        for end in expiry.ends:
            table = metadata.tables[(reference.to if reference else expiry.record_type).name]
            _add_index(table, (end,), filled=expiry.erases)
    return metadata


def key_of(record_type: RecordType[Any]) -> sa.Column[Any]:
    """Return the column of a record type's key."""
    key: sa.Column[Any] = table_of(record_type).c[record_type.key.name]
    return key


def _add_index(table: sa.Table, fields: tuple[str, ...], *, filled: str | None = None) -> None:
    """Add an index unless there is one of its name; it has only rows in which the field `filled` is not null."""
    if not fields:
        return
    name = f"{table.name}_{filled or fields[0]}"
    if all(index.name != name for index in table.indexes):
        column = table.c[filled or fields[0]]
        options = partial_index(column.is_not(None)) if column.nullable else {}
        sa.Index(name, *(table.c[field] for field in fields), **options)
