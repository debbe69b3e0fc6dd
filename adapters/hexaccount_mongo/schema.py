"""The collections: what their documents must hold, and what they are found by.

What must be unique is so by an index. Aggregates name each other by id, as each is its own border of consistency.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import ASCENDING, IndexModel

# The schema versions that this code can serve with, as far as it knows them; the last is the one that it makes.
SUPPORTED_VERSIONS = ("0001", "0002")
# Of each version the oldest whose code can serve with it: what was only added to is still what it was.
SERVES = {"0001": "0001", "0002": "0001"}

_TEXT, _NUMBER, _FLAG, _ID, _MOMENT, _LIST = "string", ["int", "long"], "bool", "binData", "date", "array"
_PERHAPS_TEXT, _PERHAPS_ID, _PERHAPS_MOMENT = [_TEXT, "null"], [_ID, "null"], [_MOMENT, "null"]


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection: the BSON type of each field, all of which every document has, and the indexes besides `_id`.

    `came_with` says which version an index came with that was not there from the beginning.
    """

    fields: Mapping[str, Any]
    indexes: Sequence[IndexModel] = ()
    came_with: Mapping[str, str] = field(default_factory=dict)

    def indexes_of(self, version: str) -> list[IndexModel]:
        """Return the indexes that it has in a version."""
        return [index for index in self.indexes if self._since(index) <= version]

    def names_after(self, version: str) -> list[str]:
        """Return the names of the indexes that it does not have yet in a version."""
        return [str(index.document["name"]) for index in self.indexes if self._since(index) > version]

    def _since(self, index: IndexModel) -> str:
        return self.came_with.get(index.document["name"], "")

    @property
    def validator(self) -> Mapping[str, Any]:
        """Return the condition that every document meets."""
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
            "_id": _ID, "name": _TEXT, "name_key": _TEXT, "email": _TEXT, "email_key": _TEXT, "first_name": _TEXT,
            "last_name": _TEXT, "avatar_identifier": _TEXT, "roles": _LIST, "registered_at": _MOMENT,
            "password_hash": _TEXT, "disabled": _FLAG, "epoch": _NUMBER, "version": _NUMBER,
        },
        [_index("users_name_key", "name_key", unique=True), _index("users_email_key", "email_key", unique=True)],
    ),
    "sessions": Collection(
        {
            "_id": _ID, "user_id": _ID, "epoch": _NUMBER, "client_address": _TEXT, "user_agent": _TEXT,
            "opened_at": _MOMENT, "last_used_at": _MOMENT, "idle_until": _MOMENT, "expires_at": _MOMENT,
            "closed_at": _PERHAPS_MOMENT, "version": _NUMBER,
        },
        [
            _index("sessions_of_user", "user_id", "_id"),
            # Those that have ended, one way or the other.
            _index("sessions_end", "idle_until"),
            _index("sessions_closed", "closed_at", where={"closed_at": {"$type": _MOMENT}}),
        ],
    ),
    "profiles": Collection(
        {
            "_id": _ID, "bio": _PERHAPS_TEXT, "phone": _PERHAPS_TEXT, "address": _PERHAPS_TEXT,
            "updated_at": _MOMENT, "version": _NUMBER,
        }
    ),
    # The index makes sequences gapless under races; with the version it guards every aggregate against lost updates.
    "journal": Collection(
        {
            "_id": _ID, "type": _TEXT, "source": _TEXT, "subject": _ID, "time": _MOMENT, "aggregate": _TEXT,
            "aggregate_id": _ID, "sequence": _NUMBER, "dataschema": _TEXT, "causation_id": _PERHAPS_TEXT,
            "traceparent": _PERHAPS_TEXT, "data": "object",
        },
        [
            _index("journal_sequence", "aggregate", "aggregate_id", "sequence", unique=True),
            # The history of one account, and all events of a type.
            _index("journal_subject", "subject", "_id"),
            _index("journal_type", "type", "_id"),
        ],
        {"journal_type": "0002"},
    ),
    "subscriptions": Collection({"_id": _TEXT, "types": _LIST}, [_index("subscriptions_types", "types")]),
    # A delivery may be claimed from `free_at` on: it is the end of a lease, or of a pause after a failure.
    "deliveries": Collection(
        {
            "subscriber": _TEXT, "event_id": _ID, "aggregate": _TEXT, "aggregate_id": _ID, "sequence": _NUMBER,
            "attempts": _NUMBER, "free_at": _MOMENT, "lease": _PERHAPS_ID, "set_aside": _FLAG, "error": _TEXT,
        },
        [
            _index("deliveries_event", "subscriber", "event_id", unique=True),
            # The next ones to claim, the first one owed of an aggregate, and those that were given up.
            _index("deliveries_owed", "subscriber", "event_id", "free_at", where={"set_aside": False}),
            _index(
                "deliveries_order", "subscriber", "aggregate", "aggregate_id", "sequence", where={"set_aside": False}
            ),
            _index("deliveries_set_aside", "event_id", "subscriber", where={"set_aside": True}),
        ],
    ),
    "inbox": Collection(
        {"subscriber": _TEXT, "event_id": _ID}, [_index("inbox_event", "subscriber", "event_id", unique=True)]
    ),
    # `_id` is the token's digest. That no token has two successors is kept by their predecessor's being unique.
    "refresh_tokens": Collection(
        {
            "_id": _TEXT, "session_id": _ID, "issued_at": _MOMENT, "predecessor": _PERHAPS_TEXT,
            "spent_at": _PERHAPS_MOMENT, "salt": _PERHAPS_TEXT,
        },
        [
            _index(
                "refresh_tokens_predecessor", "predecessor", unique=True, where={"predecessor": {"$type": _TEXT}}
            ),
            _index("refresh_tokens_session", "session_id"),
            _index("refresh_tokens_spent", "spent_at", where={"spent_at": {"$type": _MOMENT}}),
            _index("refresh_tokens_salted", "spent_at", "_id", where={"salt": {"$type": _TEXT}}),
        ],
    ),
    # `_id` is the key's name, `sealed` its private part, encrypted under the setting `jwt.key`.
    "signing_keys": Collection(
        {
            "_id": _TEXT, "algorithm": _TEXT, "sealed": _TEXT, "created_at": _MOMENT, "signs_from": _MOMENT,
            "retired_at": _PERHAPS_MOMENT,
        },
        [_index("signing_keys_order", "signs_from", "_id")],
    ),
    # How far two meters of one key have been filled, as the moments at which they will have drained.
    "allowances": Collection(
        {"_id": _TEXT, "burst_until": _MOMENT, "sustained_until": _MOMENT},
        [_index("allowances_lasting", "sustained_until")],
    ),
    "idempotency_keys": Collection(
        {
            "_id": _TEXT, "fingerprint": _TEXT, "claimed_until": _MOMENT, "user_id": _PERHAPS_ID,
            "expires_at": _MOMENT,
        },
        [_index("idempotency_keys_expiry", "expires_at")],
    ),
}  # fmt: skip
