"""The documents of `unique_values`: each has a unique value of a record in its `_id`, and the key of the record.

A unique index of the records themselves would have to begin with the key by which they are sharded.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from pymongo import DeleteOne, InsertOne

from hexaccount.kernel.records import RecordType, Row
from hexaccount.store_kit.transaction import Changes
from hexaccount_mongo.connections import Document

UNIQUE_VALUES = "unique_values"

Request: TypeAlias = DeleteOne | InsertOne[Document]


def find_records(record_type: RecordType[Any], field: str, values: Collection[object]) -> Sequence[Document]:
    """Return the aggregation of `unique_values` that finds the records with these values.

    Each step finds documents by `_id`, which addresses a shard. A record may have changed between the two steps.
    """
    ids = [id_of(record_type, field, value) for value in values]
    chosen: Any = ids[0] if len(ids) == 1 else {"$in": ids}
    joined = {"from": record_type.name, "localField": "key", "foreignField": "_id", "as": "record"}
    return [{"$match": {"_id": chosen}}, {"$lookup": joined}, {"$unwind": "$record"}, {"$replaceWith": "$record"}]


def reservations(batch: Iterable[Changes]) -> list[Request]:
    """Return what the changes of records do to `unique_values`; what frees values comes first."""
    freed: list[Request] = []
    taken: list[Request] = []
    for changes in batch:
        for change in changes.rows:
            before, after = (_ids(changes.record_type, row) for row in (change.before, change.values))
            freed += [DeleteOne({"_id": each, "key": change.key}) for each in before if each not in after]
            taken += [InsertOne({"_id": each, "key": change.key}) for each in after if each not in before]
    return [*freed, *taken]


def id_of(record_type: RecordType[Any], field: str, value: object) -> Document:
    """Return the `_id` of a value; its fields are always in this order, as the server compares them in it."""
    return {"field": f"{record_type.name}.{field}", "value": value}


def ids_in(record_type: RecordType[Any], fields: Collection[str], document: Mapping[str, Any]) -> Iterator[Document]:
    """Yield the ids of the values that these unique fields have in a document of a record."""
    for field in fields:
        if (value := document.get(field)) is not None:
            yield id_of(record_type, field, value)


def _ids(record_type: RecordType[Any], row: Row | None) -> list[Document]:
    if row is None or not record_type.unique:
        return []
    fields = {rule.field for rule in record_type.unique}
    document = {each.name: value for each, value in zip(record_type.fields, row, strict=True)}
    return list(ids_in(record_type, fields, document))
