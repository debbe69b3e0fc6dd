from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.journal_order import order_by_sequence
from hexaccount.events.ports import Backlog, Delivery, Outbox
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.deliveries import AT_ONCE, OWED_AGAIN, delivery_document
from hexaccount_mongo.documents import entry_from
from hexaccount_mongo.transactions import TryAgain, persistently, try_once

_DUPLICATE_KEY = 11000
_FREE: Document = {"lease": None, "free_at": AT_ONCE}
_FRONT = 4  # times as many as may be claimed: most accounts have few events, and most of those few are together
# All that are due may belong to one aggregate, of which one can be claimed first.
_FIRST_OF_EACH: list[Document] = [
    {"$sort": {"sequence": 1}},
    {
        "$group": {
            "_id": {"aggregate": "$aggregate", "aggregate_id": "$aggregate_id"},
            **{
                name: {"$first": f"${name}"}
                for name in ("subscriber", "aggregate", "aggregate_id", "sequence", "event_id")
            },
        }
    },
    {"$sort": {"event_id": 1}},
]
# Looks for one earlier event of the same aggregate that is owed to the same subscriber.
_EARLIER: Document = {
    "$lookup": {
        "from": "deliveries",
        "let": {name: f"${name}" for name in ("subscriber", "aggregate", "aggregate_id", "sequence")},
        "pipeline": [
            {
                "$match": {
                    "set_aside": False,
                    "$expr": {
                        "$and": [
                            {"$eq": ["$subscriber", "$$subscriber"]},
                            {"$eq": ["$aggregate", "$$aggregate"]},
                            {"$eq": ["$aggregate_id", "$$aggregate_id"]},
                            {"$lt": ["$sequence", "$$sequence"]},
                        ]
                    },
                }
            },
            {"$limit": 1},
            {"$project": {"_id": 1}},
        ],
        "as": "earlier",
    }
}


@dataclass(frozen=True, slots=True)
class MongoOutbox(Outbox):
    """The deliveries in the collection `deliveries`; a delivery that has succeeded is a document that is gone."""

    database: Documents
    commits: CommitSignal

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        state = {"$set": {"types": sorted(set(event_types))}}
        with self.database.reached():
            try:
                self.database["subscriptions"].update_one({"_id": subscriber}, state, upsert=True)
            except DuplicateKeyError:  # another process enrols the same subscriber at the same moment
                self.database["subscriptions"].update_one({"_id": subscriber}, state)

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.database.reached(), self.database.start_session() as session:
            persistently(lambda: try_once(session, lambda session: self._owe(subscriber, entries, session)))
        self.commits.give()

    def claim(self, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> Sequence[Delivery]:
        claim = _Claim(self.database, subscriber, uuid4(), now, now + lease)
        with self.database.reached():
            claimed = claim.take(self._heads(subscriber, limit, now))
            if not claimed:
                return []
            if len(claimed) < limit:
                claimed += claim.take(claim.followers(claimed, limit - len(claimed)))
            entries = self.database["journal"].find({"_id": {"$in": [delivery["event_id"] for delivery in claimed]}})
            by_id = {document["_id"]: entry_from(document) for document in entries}
        return order_by_sequence(
            [
                Delivery(
                    subscriber=subscriber,
                    entry=by_id[delivery["event_id"]],
                    attempts=delivery["attempts"],
                    lease=claim.token,
                )
                for delivery in claimed
            ],
            attrgetter("entry"),
        )

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        for subscriber, events in _by_subscriber(deliveries).items():
            with self.database.reached():
                self.database["deliveries"].delete_many({"subscriber": subscriber, "event_id": {"$in": events}})

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        self._end(delivery, {"free_at": until, "error": error})

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        self._end(delivery, {"free_at": AT_ONCE, "set_aside": True, "error": error})
        self.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        for delivery in deliveries:
            with self.database.reached():
                self.database["deliveries"].update_one(_held(delivery), {"$set": _FREE})

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        deliveries = self.database["deliveries"]
        pending = {"subscriber": subscriber, "set_aside": False}
        given_up = {**pending, "set_aside": True}
        with self.database.reached():
            oldest = next(
                deliveries.find(pending, {"event_id": 1}, sort=[("event_id", 1)], limit=1, hint="deliveries_owed"), None
            )
            return Backlog(
                pending=deliveries.count_documents(pending, limit=limit, hint="deliveries_owed"),
                dead_letters=deliveries.count_documents(given_up, limit=limit, hint="deliveries_set_aside"),
                oldest=oldest["event_id"] if oldest else None,
            )

    def _owe(self, subscriber: str, entries: Sequence[JournalEntry], session: ClientSession) -> None:
        deliveries = self.database["deliveries"]
        these = {"subscriber": subscriber, "event_id": {"$in": [entry.id for entry in entries]}}
        deliveries.update_many({**these, "set_aside": True}, OWED_AGAIN, session=session, hint="deliveries_event")
        found = deliveries.find(these, {"event_id": 1}, session=session, hint="deliveries_event")
        there = {delivery["event_id"] for delivery in found}
        missing = [delivery_document(subscriber, entry) for entry in entries if entry.id not in there]
        if missing:
            try:
                deliveries.insert_many(missing, session=session)
            except BulkWriteError as error:
                if error.details["writeErrors"][0]["code"] == _DUPLICATE_KEY:  # somebody else owes the same
                    raise TryAgain from error
                raise

    def _heads(self, subscriber: str, limit: int, now: datetime) -> list[UUID]:
        """Return events that may be claimed now, and before which nothing of their aggregate is owed.

        They are looked for among the oldest that are due; among more of them only where those have none.
        """
        due: Document = {"subscriber": subscriber, "set_aside": False, "free_at": {"$lte": now}}
        window, after = _FRONT * limit, UUID(int=0)
        deliveries = self.database["deliveries"]
        while True:
            beyond = {**due, "event_id": {"$gt": after}}
            front: list[Document] = [{"$match": beyond}, {"$sort": {"event_id": 1}}, {"$limit": window}]
            steps = [*front, *_FIRST_OF_EACH, _EARLIER, {"$match": {"earlier": []}}, {"$limit": limit}]
            if found := [document["event_id"] for document in deliveries.aggregate(steps, hint="deliveries_owed")]:
                return found
            last = deliveries.find(
                beyond, {"event_id": 1}, sort=[("event_id", 1)], skip=window - 1, limit=1, hint="deliveries_owed"
            )
            end = next(last, None)
            if end is None:
                return []
            window, after = 4 * window, end["event_id"]

    def _end(self, delivery: Delivery, values: Document) -> None:
        change = {"$inc": {"attempts": 1}, "$set": {"lease": None, **values}}
        with self.database.reached():
            self.database["deliveries"].update_one(_held(delivery), change)


@dataclass(frozen=True, slots=True)
class _Claim:
    """One who claims: all that carries the token is theirs, and each document is taken by one only."""

    database: Documents
    subscriber: str
    token: UUID
    now: datetime
    until: datetime

    def take(self, events: Sequence[UUID]) -> list[Document]:
        """Take those of the events that are still to be had, and return them."""
        if not events:
            return []
        chosen = {"subscriber": self.subscriber, "event_id": {"$in": list(events)}}
        due = {"set_aside": False, "free_at": {"$lte": self.now}}
        deliveries = self.database["deliveries"]
        taken = {"$set": {"lease": self.token, "free_at": self.until}}
        if not deliveries.update_many({**chosen, **due}, taken, hint="deliveries_event").modified_count:
            return []
        return list(deliveries.find({**chosen, "lease": self.token}, hint="deliveries_event"))

    def followers(self, heads: Sequence[Document], limit: int) -> list[UUID]:
        """Return what follows the heads, up to the first that is not due; nobody else may take it."""
        after = [
            {
                "aggregate": head["aggregate"],
                "aggregate_id": head["aggregate_id"],
                "sequence": {"$gt": head["sequence"]},
            }
            for head in heads
        ]
        order = {"aggregate": 1, "aggregate_id": 1, "sequence": 1}
        found = self.database["deliveries"].find(
            {"subscriber": self.subscriber, "set_aside": False, "$or": after},
            sort=list(order.items()),
            limit=limit,
            hint="deliveries_order",
        )
        held_up: set[tuple[str, UUID]] = set()
        events: list[UUID] = []
        for delivery in found:
            aggregate = delivery["aggregate"], delivery["aggregate_id"]
            if delivery["free_at"] > self.now:
                held_up.add(aggregate)
            if aggregate not in held_up:
                events.append(delivery["event_id"])
        return events


def _by_subscriber(deliveries: Collection[Delivery]) -> dict[str, list[UUID]]:
    groups: defaultdict[str, list[UUID]] = defaultdict(list)
    for delivery in deliveries:
        groups[delivery.subscriber].append(delivery.entry.id)
    return groups


def _held(delivery: Delivery) -> dict[str, Any]:
    return {"subscriber": delivery.subscriber, "event_id": delivery.entry.id, "lease": delivery.lease}
