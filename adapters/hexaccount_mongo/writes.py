"""The documents that one commit writes, within a transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.store_kit.identity_map import Change
from hexaccount.store_kit.pending_writes import PendingWrites
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.deliveries import delivery_document
from hexaccount_mongo.documents import COLLECTION_OF, document_of, entry_document, token_document
from hexaccount_mongo.idempotency_records import request_document

_NOT_BY_VERSION = ("_id", "password_hash")


class LostRace(Exception):
    """An aggregate to update has another version than the one that was read."""


@dataclass(slots=True)
class Writes:
    """The writes of one commit, by collection.

    `inserts` run in their order: a violation of the inbox is reported first. `updates` compare the version, and have no
    password hash, which the version does not cover; `hashes` replaces a hash that is still the old one. `spent` holds
    used refresh tokens, `answered` completed idempotency records, which may be stored already.
    """

    inserts: dict[str, list[Document]] = field(default_factory=dict)
    updates: dict[str, list[UpdateOne]] = field(default_factory=dict)
    entries: list[JournalEntry] = field(default_factory=list)
    hashes: list[UpdateOne] = field(default_factory=list)
    spent: list[UpdateOne] = field(default_factory=list)
    answered: list[Document] = field(default_factory=list)

    @classmethod
    def of(cls, changes: Sequence[Change], pending_writes: PendingWrites) -> "Writes":
        """Return the writes of changed aggregates and pending writes."""
        writes = cls()
        if pending_writes.handled:
            writes.inserts["inbox"] = [
                {"subscriber": name, "event_id": event_id} for name, event_id in pending_writes.handled
            ]
        for change in changes:
            writes._add(change)
        new = [token_document(token) for token in pending_writes.tokens if token.spent_at is None]
        if new:
            writes.inserts["refresh_tokens"] = new
        writes.spent = [
            UpdateOne({"_id": token.digest}, {"$set": {"spent_at": token.spent_at, "salt": token.salt}})
            for token in pending_writes.tokens
            if token.spent_at is not None
        ]
        writes.hashes = [
            UpdateOne(
                {"_id": user_id} if old is None else {"_id": user_id, "password_hash": old},
                {"$set": {"password_hash": hash_}},
            )
            for user_id, old, hash_ in pending_writes.hashes
        ]
        writes.answered = [request_document(request) for request in pending_writes.answered]
        return writes

    @property
    def empty(self) -> bool:
        """Return whether there is nothing to write."""
        return not (self.inserts or self.updates or self.hashes or self.spent or self.answered)

    def write(self, database: Documents, session: ClientSession) -> bool:
        """Write all within the session's transaction, and return whether deliveries were enqueued.

        Raises BulkWriteError for a duplicate, DuplicateKeyError for a concurrent idempotency record, and LostRace.
        """
        for collection, updates in self.updates.items():
            if database[collection].bulk_write(updates, session=session).matched_count != len(updates):
                raise LostRace
        for collection, documents in self.inserts.items():
            database[collection].insert_many(documents, session=session)
        if self.hashes:
            database["users"].bulk_write(self.hashes, session=session)
        if self.spent:
            database["refresh_tokens"].bulk_write(self.spent, session=session)
        for answer in self.answered:
            _complete(database, session, answer)
        return self._enqueue(database, session)

    def _add(self, change: Change) -> None:
        document, collection = document_of(change.aggregate), COLLECTION_OF[type(change.aggregate)]
        self.entries += change.entries
        if change.stored_version:
            same = {"_id": document["_id"], "version": change.stored_version}
            values = {name: value for name, value in document.items() if name not in _NOT_BY_VERSION}
            self.updates.setdefault(collection, []).append(UpdateOne(same, {"$set": values}))
        else:
            self.inserts.setdefault(collection, []).append(document)

    def _enqueue(self, database: Documents, session: ClientSession) -> bool:
        """Write the events, and a delivery of each to every subscriber of its type."""
        if not self.entries:
            return False
        database["journal"].insert_many([entry_document(entry) for entry in self.entries], session=session)
        wanted = sorted({entry.type for entry in self.entries} | {"*"})
        found = database["subscriptions"].find({"types": {"$in": wanted}}, session=session)
        subscribed: Mapping[str, Any] = {document["_id"]: document["types"] for document in found}
        deliveries = [
            delivery_document(subscriber, entry)
            for entry in self.entries
            for subscriber, types in subscribed.items()
            if entry.type in types or "*" in types
        ]
        if deliveries:
            database["deliveries"].insert_many(deliveries, session=session)
        return bool(deliveries)


def _complete(database: Documents, session: ClientSession, answer: Document) -> None:
    """Complete the stored claim of the same request, or insert the record if the key is free; else do nothing."""
    records = database["idempotency_records"]
    stored = records.find_one({"_id": answer["_id"]}, session=session)
    if stored is None:
        records.insert_one(answer, session=session)
    elif stored["user_id"] is None and stored["fingerprint"] == answer["fingerprint"]:
        records.update_one(
            {"_id": answer["_id"], "user_id": None, "fingerprint": answer["fingerprint"]},
            {"$set": {"user_id": answer["user_id"]}},
            session=session,
        )
