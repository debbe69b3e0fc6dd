"""Rows of record types as documents: `_id` is the key, and `revision` stands beside the other fields."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from hexaccount.kernel.records import Field, RecordType, Row
from hexaccount.store_kit.transaction import StoredRow
from hexaccount_mongo.connections import Document

BSON_TYPES: Mapping[type, Sequence[str]] = {
    UUID: ["binData"],
    str: ["string"],
    int: ["int", "long"],
    bool: ["bool"],
    datetime: ["date"],
    tuple: ["array"],
}


def name_in(record_type: RecordType[Any], field: str) -> str:
    """Return the name that a field of a record type has in its documents."""
    return "_id" if field == record_type.key.name else field


def not_null(record_type: RecordType[Any], field: str) -> Document:
    """Return the condition that a field has a value, without which no partial index is used; {} if it always has."""
    (found,) = (each for each in record_type.fields if each.name == field)
    return {"$type": BSON_TYPES[found.type]} if found.nullable else {}


def may_be_missing(field: Field) -> bool:
    """Tell whether documents of an earlier version may lack a field."""
    return field.nullable or field.added_as is not None


def document_of(record_type: RecordType[Any], row: Row, revision: int) -> Document:
    """Return the document of a row."""
    (_, key), *others = zip(record_type.fields, row, strict=True)
    return {"_id": key, **{field.name: value for field, value in others}, "revision": revision}


def row_of(record_type: RecordType[Any], document: Mapping[str, Any]) -> StoredRow:
    """Return the row of a document; a field that it lacks was declared later."""
    _, *others = record_type.fields
    values = (
        document.get(field.name, field.added_as) if may_be_missing(field) else document[field.name] for field in others
    )
    row = (tuple(value) if isinstance(value, list) else value for value in values)
    return StoredRow((document["_id"], *row), document["revision"])
