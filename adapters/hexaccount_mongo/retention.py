"""Removes expired documents: finds them by an index, then removes them by `_id` if they are still expired."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.records import Expiry
from hexaccount.retention.ports import RetentionStore
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.documents import not_null
from hexaccount_mongo.errors import is_duplicate
from hexaccount_mongo.journal import document_of
from hexaccount_mongo.lookups import first_match
from hexaccount_mongo.transactions import persistently, try_once
from hexaccount_mongo.unique_values import UNIQUE_VALUES, ids_in

_PENDING_DELIVERY = first_match(
    "deliveries", "pending", ("subscriber", "$eq", "subscriber"), ("event_id", "$eq", "event_id")
)

Steps = Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class MongoRetentionStore(RetentionStore):
    """Removes expired documents. Acknowledging a delivery removes its document at once."""

    database: Documents

    def remove(self, expiry: Expiry, *, before: datetime, limit: int) -> int:
        removed = 0
        with self.database.reached():
            for end in expiry.ends:
                if removed < limit:
                    removed += self._remove_by(expiry, end, before, limit - removed)
        return removed

    def remove_handled(self, *, before: datetime, limit: int) -> int:
        """Visit the few subscribers one by one, as no index of the inbox begins with the event."""
        removed = 0
        inbox, order = self.database["inbox"], [("subscriber", 1), ("event_id", 1)]
        with self.database.reached():
            entry = inbox.find_one({}, sort=order, hint="inbox_event")
            while entry is not None and removed < limit:
                old = {"subscriber": entry["subscriber"], "event_id": {"$lt": first_id_at(before)}}
                steps = [_PENDING_DELIVERY, {"$match": {"pending": []}}]
                found = self._ids("inbox", "inbox_event", old, limit - removed, steps)
                removed += self._remove("inbox", found, {"subscriber": entry["subscriber"]})
                entry = inbox.find_one({"subscriber": {"$gt": entry["subscriber"]}}, sort=order, hint="inbox_event")
        return removed

    def remove_drained(self, *, before: datetime, limit: int) -> int:
        drained = {"sustained_until": {"$lt": before}, "burst_until": {"$lt": before}}
        with self.database.reached():
            found = self._ids("rate_limits", "rate_limits_sustained_until", drained, limit)
            return self._remove("rate_limits", found, drained)

    def remove_events(self, event_ids: Collection[UUID]) -> int:
        deliveries = self.database["deliveries"]
        with self.database.reached():
            chosen = {"subscriber": {"$in": deliveries.distinct("subscriber")}, "event_id": {"$in": list(event_ids)}}
            pending = {found["event_id"] for found in deliveries.find(chosen, {"event_id": 1}, hint="deliveries_event")}
            return self._remove("journal", [event_id for event_id in event_ids if event_id not in pending], {})

    def restore_events(self, entries: Sequence[JournalEntry]) -> int:
        if not entries:
            return 0
        with self.database.reached():
            try:
                result = self.database["journal"].insert_many([document_of(entry) for entry in entries], ordered=False)
            except BulkWriteError as error:
                if not is_duplicate(error):
                    raise
                return int(error.details["nInserted"])
            return len(result.inserted_ids)

    def _remove_by(self, expiry: Expiry, end: str, before: datetime, limit: int) -> int:
        """Remove what has ended by one of the fields `ends`."""
        kind = ended = expiry.record_type
        steps: Steps = ()
        if expiry.of_reference and kind.reference is not None:
            ended = kind.reference.to
            joined = {"from": kind.name, "localField": "_id", "foreignField": kind.reference.field, "as": "child"}
            steps = [{"$lookup": joined}, {"$unwind": "$child"}, {"$replaceWith": "$child"}]
        elif (by := expiry.unless_referred_by) is not None and by.reference is not None:
            steps = [first_match(by.name, "child", (by.reference.field, "$eq", "_id")), {"$match": {"child": []}}]
        expired: Document = {end: {"$lt": before, **not_null(ended, end)}}
        if expiry.erases is not None:
            expired[expiry.erases] = not_null(kind, expiry.erases)
        found = self._ids(ended.name, f"{ended.name}_{expiry.erases or end}", expired, limit, steps)
        # The condition keeps what was prolonged since.
        condition = expired if ended is kind else {}
        return self._change(expiry, {"_id": {"$in": found}, **condition}) if found else 0

    def _change(self, expiry: Expiry, chosen: Document) -> int:
        """Remove or erase the chosen records, and free their unique values in the same transaction."""
        kind, erased = expiry.record_type, expiry.erases
        unique = {rule.field for rule in kind.unique if erased in {None, rule.field}}
        records, values = self.database[kind.name], self.database[UNIQUE_VALUES]

        def change(session: ClientSession | None = None) -> int:
            if unique:
                found = records.find(chosen, dict.fromkeys(unique, 1), session=session)
                freed = [each for document in found for each in ids_in(kind, unique, document)]
                values.delete_many({"_id": {"$in": freed}}, session=session)
            if erased is None:
                return records.delete_many(chosen, session=session).deleted_count
            update = {"$set": {erased: None}, "$inc": {"revision": 1}}
            return records.update_many(chosen, update, session=session).modified_count

        if not unique:
            return change()
        with self.database.start_session() as session:
            return persistently(lambda: try_once(session, change))

    def _ids(self, collection: str, index: str, condition: Document, limit: int, steps: Steps = ()) -> list[Any]:
        """Return the ids of up to `limit` documents that the steps make of those in the index, the oldest first."""
        found = [{"$match": condition}, *steps, {"$limit": limit}, {"$project": {"_id": 1}}]
        return [each["_id"] for each in self.database[collection].aggregate(found, hint=index)]

    def _remove(self, collection: str, ids: Sequence[Any], condition: Document) -> int:
        if not ids:
            return 0
        return self.database[collection].delete_many({"_id": {"$in": ids}, **condition}).deleted_count
