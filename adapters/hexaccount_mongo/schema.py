"""The collections: validators and indexes, those of record types by their declarations.

A collection may be sharded by its `shard_key`. So what must be unique is the value of an `_id`, or has a unique index
that begins with the fields of the shard key. Records refer to each other by key: each is a consistency boundary.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo import ASCENDING, IndexModel

from hexaccount.kernel.records import RecordSchema, RecordType
from hexaccount_mongo.documents import BSON_TYPES, may_be_missing, name_in, not_null
from hexaccount_mongo.unique_values import UNIQUE_VALUES

SUPPORTED_VERSIONS = ("0001",)
"""The versions with which this code can serve, oldest first; the last is the one that it migrates to."""
SERVES = {"0001": "0001"}
"""The oldest version, for each version, that code must know to serve with it; a version that only adds serves the one
before."""

_TEXT, _INTEGER, _BOOLEAN, _UUID, _DATE, _LIST = (BSON_TYPES[each] for each in (str, int, bool, UUID, datetime, tuple))
_OPTIONAL_TEXT, _OPTIONAL_UUID = [*_TEXT, "null"], [*_UUID, "null"]
# Ids begin with their time: in ranges of them, one shard would get all new documents.
_BY_ID: Mapping[str, int | str] = {"_id": "hashed"}
# The oldest deliveries of a subscriber are read in this order.
_BY_SUBSCRIBER: Mapping[str, int | str] = {"subscriber": ASCENDING, "event_id": ASCENDING}


@dataclass(frozen=True, slots=True)
class Collection:
    """The BSON types of a collection's fields, and its indexes besides `_id`; what may be null may be missing.

    `added_in` names the version that added an index which the first version does not have. `added` are fields that
    documents may lack, with their values. `shard_key` is what a sharded cluster may distribute the documents by; a
    collection without one is too small for that.
    """

    fields: Mapping[str, Any]
    indexes: Sequence[IndexModel] = ()
    added_in: Mapping[str, str] = field(default_factory=dict)
    added: Mapping[str, Any] = field(default_factory=dict)
    shard_key: Mapping[str, int | str] | None = None

    def indexes_of(self, version: str) -> list[IndexModel]:
        """Return the indexes of a version."""
        return [index for index in self.indexes if self._since(index) <= version]

    def names_after(self, version: str) -> list[str]:
        """Return the names of the indexes that later versions add."""
        return [str(index.document["name"]) for index in self.indexes if self._since(index) > version]

    def _since(self, index: IndexModel) -> str:
        return self.added_in.get(index.document["name"], "")

    @property
    def validator(self) -> Mapping[str, Any]:
        """Return the JSON Schema that every document must match."""
        return {
            "$jsonSchema": {
                "bsonType": "object",
                "required": [name for name, kind in self.fields.items() if "null" not in kind],
                "properties": {name: {"bsonType": kind} for name, kind in self.fields.items()},
            }
        }


def _index(name: str, *fields: str, unique: bool = False, where: Mapping[str, Any] | None = None) -> IndexModel:
    options: dict[str, Any] = {"unique": True} if unique else {}
    if where is not None:
        options["partialFilterExpression"] = where
    return IndexModel([(field, ASCENDING) for field in fields], name=name, **options)


def collections_of(records: RecordSchema) -> Mapping[str, Collection]:
    """Return all collections: those of record types, and ours."""
    return {**{each.name: _collection_of(each, records) for each in records.record_types}, **COLLECTIONS}


def _collection_of(record_type: RecordType[Any], records: RecordSchema) -> Collection:
    types = {
        name_in(record_type, field.name): [*BSON_TYPES[field.type], *(["null"] if may_be_missing(field) else [])]
        for field in record_type.fields
    }
    indexes = {index.document["name"]: index for index in _indexes_of(record_type, records)}
    added = {field.name: field.added_as for field in record_type.fields if field.added_as is not None}
    return Collection({**types, "revision": _INTEGER}, list(indexes.values()), added=added, shard_key=_BY_ID)


def _indexes_of(record_type: RecordType[Any], records: RecordSchema) -> Iterator[IndexModel]:
    """Yield what finds records; of two indexes of one name, the last serves both purposes."""
    for expiry in records.expiries:
        reference = expiry.record_type.reference if expiry.of_reference else None
        if record_type is not (expiry.record_type if reference is None else reference.to):
            continue
        if expiry.erases is None:
            yield from (_index_of(record_type, end, where_set=end) for end in expiry.ends)
        else:
            yield _index_of(record_type, *expiry.ends, record_type.key.name, where_set=expiry.erases)
    if record_type.reference is not None:
        yield _index_of(record_type, record_type.reference.field)
    yield from (_index_of(record_type, *look_up.indexed) for look_up in record_type.look_ups if look_up.indexed)


def _index_of(record_type: RecordType[Any], *fields: str, where_set: str | None = None) -> IndexModel:
    """Return an index, without the documents in which the field `where_set` is null."""
    names = [name_in(record_type, field) for field in fields]
    name = f"{record_type.name}_{where_set or fields[0]}"
    condition = where_set and not_null(record_type, where_set)
    return _index(name, *names, where={where_set: condition} if where_set and condition else None)


COLLECTIONS: Mapping[str, Collection] = {
    UNIQUE_VALUES: Collection(
        {"_id": "object", "key": [name for names in BSON_TYPES.values() for name in names]}, shard_key=_BY_ID
    ),
    # The unique index keeps two writers that read the same version of an aggregate from both committing.
    "journal": Collection(
        {
            "_id": _UUID, "type": _TEXT, "source": _TEXT, "subject": _UUID, "time": _DATE, "aggregate": _TEXT,
            "aggregate_id": _UUID, "sequence": _INTEGER, "dataschema": _TEXT, "actor": _TEXT,
            "session_id": _OPTIONAL_UUID, "network": _OPTIONAL_TEXT, "request_id": _OPTIONAL_TEXT,
            "causation_id": _OPTIONAL_TEXT, "traceparent": _OPTIONAL_TEXT, "reason": _OPTIONAL_TEXT, "data": "object",
        },
        [
            _index("journal_sequence", "aggregate", "aggregate_id", "sequence", unique=True),
            # For the history of one user, and for all events of a type.
            _index("journal_subject", "subject", "_id"),
            _index("journal_type", "type", "_id"),
        ],
        shard_key={"aggregate": ASCENDING, "aggregate_id": "hashed"},
    ),
    # Every commit reads them all.
    "subscriptions": Collection({"_id": _TEXT, "types": _LIST}, [_index("subscriptions_types", "types")]),
    # `available_at` is the end of a lease, or of the pause after a failure; a delivery may be claimed from then on.
    "deliveries": Collection(
        {
            "subscriber": _TEXT, "event_id": _UUID, "aggregate": _TEXT, "aggregate_id": _UUID, "sequence": _INTEGER,
            "attempts": _INTEGER, "available_at": _DATE, "lease": _OPTIONAL_UUID, "dead_letter": _BOOLEAN,
            "error": _TEXT,
        },
        [
            _index("deliveries_event", "subscriber", "event_id", unique=True),
            # For the next deliveries to claim, the first pending one of an aggregate, and the dead letters.
            _index("deliveries_pending", "subscriber", "event_id", "available_at", where={"dead_letter": False}),
            _index(
                "deliveries_order", "subscriber", "aggregate", "aggregate_id", "sequence", where={"dead_letter": False}
            ),
            _index("deliveries_dead_letters", "event_id", "subscriber", where={"dead_letter": True}),
        ],
        shard_key=_BY_SUBSCRIBER,
    ),
    "inbox": Collection(
        {"subscriber": _TEXT, "event_id": _UUID},
        [_index("inbox_event", "subscriber", "event_id", unique=True)],
        shard_key=_BY_SUBSCRIBER,
    ),
    # The moments at which the burst bucket and the sustained bucket of a key will have drained.
    "rate_limits": Collection(
        {"_id": _TEXT, "burst_until": _DATE, "sustained_until": _DATE},
        [_index("rate_limits_sustained_until", "sustained_until")],
        shard_key=_BY_ID,
    ),
}  # fmt: skip
