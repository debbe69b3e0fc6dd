"""The collections: validators and indexes.

Unique indexes keep what must be unique. Aggregates refer to each other by id: each is a consistency boundary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, IndexModel

SUPPORTED_VERSIONS = ("0001",)
"""The versions with which this code can serve, oldest first; the last is the one that it migrates to."""
SERVES = {"0001": "0001"}
"""The oldest version, for each version, that code must know to serve with it; a version that only adds serves the one
before."""

_TEXT, _INTEGER, _BOOLEAN, _UUID, _DATE, _LIST = "string", ["int", "long"], "bool", "binData", "date", "array"
_OPTIONAL_TEXT, _OPTIONAL_UUID, _OPTIONAL_DATE = [_TEXT, "null"], [_UUID, "null"], [_DATE, "null"]


@dataclass(frozen=True, slots=True)
class Collection:
    """The BSON types of a collection's required fields, and its indexes besides `_id`.

    `added_in` names the version that added an index which the first version does not have.
    """

    fields: Mapping[str, Any]
    indexes: Sequence[IndexModel] = ()
    added_in: Mapping[str, str] = field(default_factory=dict)

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
                "required": list(self.fields),
                "properties": {name: {"bsonType": kind} for name, kind in self.fields.items()},
            }
        }


def _index(name: str, *fields: str, unique: bool = False, where: Mapping[str, Any] | None = None) -> IndexModel:
    options: dict[str, Any] = {"unique": True} if unique else {}
    if where is not None:
        options["partialFilterExpression"] = where
    return IndexModel([(field, ASCENDING) for field in fields], name=name, **options)


COLLECTIONS: Mapping[str, Collection] = {
    "users": Collection(
        {
            "_id": _UUID, "name": _TEXT, "name_key": _TEXT, "email": _TEXT, "email_key": _TEXT, "first_name": _TEXT,
            "last_name": _TEXT, "avatar_identifier": _TEXT, "roles": _LIST, "registered_at": _DATE,
            "password_hash": _TEXT, "disabled": _BOOLEAN, "epoch": _INTEGER, "version": _INTEGER,
        },
        [_index("users_name_key", "name_key", unique=True), _index("users_email_key", "email_key", unique=True)],
    ),
    "sessions": Collection(
        {
            "_id": _UUID, "user_id": _UUID, "epoch": _INTEGER, "client_address": _TEXT, "user_agent": _TEXT,
            "opened_at": _DATE, "last_used_at": _DATE, "idle_until": _DATE, "expires_at": _DATE,
            "closed_at": _OPTIONAL_DATE, "version": _INTEGER,
        },
        [
            _index("sessions_user_id", "user_id", "_id"),
            # For the retention of sessions that have ended, one index for each way to end.
            _index("sessions_idle_until", "idle_until"),
            _index("sessions_closed_at", "closed_at", where={"closed_at": {"$type": _DATE}}),
        ],
    ),
    "profiles": Collection(
        {
            "_id": _UUID, "bio": _OPTIONAL_TEXT, "phone": _OPTIONAL_TEXT, "address": _OPTIONAL_TEXT,
            "updated_at": _DATE, "version": _INTEGER,
        }
    ),
    # The unique index keeps two writers that read the same version of an aggregate from both committing.
    "journal": Collection(
        {
            "_id": _UUID, "type": _TEXT, "source": _TEXT, "subject": _UUID, "time": _DATE, "aggregate": _TEXT,
            "aggregate_id": _UUID, "sequence": _INTEGER, "dataschema": _TEXT, "causation_id": _OPTIONAL_TEXT,
            "traceparent": _OPTIONAL_TEXT, "data": "object",
        },
        [
            _index("journal_sequence", "aggregate", "aggregate_id", "sequence", unique=True),
            # For the history of one user, and for all events of a type.
            _index("journal_subject", "subject", "_id"),
            _index("journal_type", "type", "_id"),
        ],
    ),
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
    ),
    "inbox": Collection(
        {"subscriber": _TEXT, "event_id": _UUID}, [_index("inbox_event", "subscriber", "event_id", unique=True)]
    ),
    # `_id` is a hash of the token. The unique predecessor keeps a token from having two successors.
    "refresh_tokens": Collection(
        {
            "_id": _TEXT, "session_id": _UUID, "issued_at": _DATE, "predecessor": _OPTIONAL_TEXT,
            "spent_at": _OPTIONAL_DATE, "salt": _OPTIONAL_TEXT,
        },
        [
            _index(
                "refresh_tokens_predecessor", "predecessor", unique=True, where={"predecessor": {"$type": _TEXT}}
            ),
            _index("refresh_tokens_session_id", "session_id"),
            _index("refresh_tokens_spent_at", "spent_at", where={"spent_at": {"$type": _DATE}}),
            _index("refresh_tokens_salt", "spent_at", "_id", where={"salt": {"$type": _TEXT}}),
        ],
    ),
    # `_id` is the key id; `sealed` is the private key, encrypted with a key derived from the setting `jwt.key`.
    "signing_keys": Collection(
        {
            "_id": _TEXT, "algorithm": _TEXT, "sealed": _TEXT, "created_at": _DATE, "signs_from": _DATE,
            "retired_at": _OPTIONAL_DATE,
        },
        [_index("signing_keys_order", "signs_from", "_id")],
    ),
    # The moments at which the burst bucket and the sustained bucket of a key will have drained.
    "rate_limits": Collection(
        {"_id": _TEXT, "burst_until": _DATE, "sustained_until": _DATE},
        [_index("rate_limits_sustained_until", "sustained_until")],
    ),
    "idempotency_records": Collection(
        {
            "_id": _TEXT, "fingerprint": _TEXT, "claimed_until": _DATE, "user_id": _OPTIONAL_UUID,
            "expires_at": _DATE,
        },
        [_index("idempotency_records_expires_at", "expires_at")],
    ),
}  # fmt: skip
