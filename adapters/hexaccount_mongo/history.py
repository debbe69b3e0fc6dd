from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, History, JournalKey
from hexaccount_mongo.connections import UNBOUNDED, Document, Documents
from hexaccount_mongo.journal import entry_from

_BY_AGGREGATE = {"aggregate": 1, "aggregate_id": 1, "sequence": 1}


@dataclass(frozen=True, slots=True)
class MongoHistory(History):
    """All events in the collection `journal`."""

    database: Documents

    def find(self, event_id: UUID) -> JournalEntry | None:
        with self.database.reached():
            document = self.database["journal"].find_one({"_id": event_id})
        return None if document is None else entry_from(document)

    def page(self, event_filter: EventFilter, *, limit: int, after: UUID | None) -> Sequence[JournalEntry]:
        later: Document = {} if after is None else {"_id": {"$gt": after}}
        condition = {"$and": [_condition(event_filter), later]}
        # For types the server chooses the index itself: they may be rare or frequent.
        otherwise = "_id_" if event_filter.types is None else None
        return self._entries(condition, {"_id": 1}, limit, _index(event_filter, otherwise=otherwise))

    def by_aggregate(
        self, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        # No index has both the order and the filter: the scan may skip many documents.
        index = _index(event_filter, otherwise="journal_sequence")
        condition = _condition(event_filter)
        if after is not None:
            aggregate, aggregate_id = after
            # Both alternatives are ranges of the index, so entries up to `after` are not read.
            same_aggregate = {"aggregate": aggregate, "aggregate_id": {"$gt": aggregate_id}}
            condition = {"$or": [{**condition, **same_aggregate}, {**condition, "aggregate": {"$gt": aggregate}}]}
        return self._entries(condition, _BY_AGGREGATE, limit, index, within=UNBOUNDED)

    def count(self, event_filter: EventFilter) -> int:
        with self.database.reached(UNBOUNDED):
            return self.database["journal"].count_documents(_condition(event_filter))

    def _entries(
        self, condition: Document, order: Mapping[str, int], limit: int, index: str | None, within: float | None = None
    ) -> list[JournalEntry]:
        with self.database.reached(within):
            found = self.database["journal"].find(condition, sort=list(order.items()), limit=limit, hint=index)
            return [entry_from(document) for document in found]


def _index(event_filter: EventFilter, *, otherwise: str | None) -> str | None:
    return otherwise if event_filter.user_id is None else "journal_subject"


def _condition(event_filter: EventFilter) -> Document:
    condition: dict[str, Any] = {}
    if event_filter.user_id is not None:
        condition["subject"] = event_filter.user_id
    if event_filter.types is not None:
        condition["type"] = {"$in": sorted(event_filter.types)}
    bounds = {"$gte": event_filter.first, "$lt": event_filter.below}
    if any(bounds.values()):
        condition["_id"] = {operator: bound for operator, bound in bounds.items() if bound is not None}
    return condition
