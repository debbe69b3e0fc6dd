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
from hexaccount.events.ports import NEVER, Backlog, ClaimedBatch, Delivery, Outbox
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.store_kit.leased_hold import hold_by_lease
from hexaccount_mongo.claims import Claim
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.deliveries import AT_ONCE, FREE, REVIVE, delivery_document
from hexaccount_mongo.errors import is_duplicate
from hexaccount_mongo.journal import entry_from
from hexaccount_mongo.transactions import TryAgain, persistently, try_once

_EARLIEST = UUID(int=0)


@dataclass(frozen=True, slots=True)
class MongoOutbox(Outbox):
    """The deliveries in the collection `deliveries`; acknowledging a delivery removes its document."""

    database: Documents
    commits: CommitSignal

    def subscribe(self, subscriber: str, event_types: Collection[str]) -> None:
        subscription = {"$set": {"types": sorted(set(event_types))}}
        with self.database.reached():
            try:
                self.database["subscriptions"].update_one({"_id": subscriber}, subscription, upsert=True)
            except DuplicateKeyError:  # another process has just subscribed the same subscriber
                self.database["subscriptions"].update_one({"_id": subscriber}, subscription)

    def enqueue(self, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        with self.database.reached(), self.database.start_session() as session:
            persistently(lambda: try_once(session, lambda session: self._enqueue(subscriber, entries, session)))
        self.commits.give()

    def claim(
        self,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        lease: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,
    ) -> ClaimedBatch:
        deliveries, snapshot = self.database["deliveries"], self.database.at_one_moment("deliveries")
        claim = Claim(deliveries, snapshot, subscriber, uuid4(), now, now + lease, latest)
        with self.database.reached():
            claimed, end = claim.take(limit, after or _EARLIEST)
            events = [delivery["event_id"] for delivery in claimed]
            entries = self.database.at_one_moment("journal").find({"_id": {"$in": events}}) if events else ()
            by_id = {document["_id"]: entry_from(document) for document in entries}
            self._drop([delivery for delivery in claimed if delivery["event_id"] not in by_id])
        found = [
            Delivery(subscriber, by_id[delivery["event_id"]], delivery["attempts"], claim.token)
            for delivery in claimed
            if delivery["event_id"] in by_id
        ]
        return ClaimedBatch(order_by_sequence(found, attrgetter("entry")), end)

    hold = hold_by_lease

    def acknowledge(self, deliveries: Collection[Delivery]) -> None:
        for subscriber, events in _by_subscriber(deliveries).items():
            with self.database.reached():
                self.database["deliveries"].delete_many({"subscriber": subscriber, "event_id": {"$in": events}})

    def retry_later(self, delivery: Delivery, *, until: datetime, error: str) -> None:
        self._end(delivery, {"available_at": until, "error": error})

    def dead_letter(self, delivery: Delivery, *, error: str) -> None:
        self._end(delivery, {"available_at": AT_ONCE, "dead_letter": True, "error": error})
        self.commits.give()

    def release(self, deliveries: Collection[Delivery]) -> None:
        for delivery in deliveries:
            with self.database.reached():
                self.database["deliveries"].update_one(_held(delivery), {"$set": FREE})

    def backlog(self, subscriber: str, *, limit: int) -> Backlog:
        deliveries = self.database["deliveries"]
        pending = {"subscriber": subscriber, "dead_letter": False}
        dead_letters = {**pending, "dead_letter": True}
        with self.database.reached():
            oldest = next(
                deliveries.find(pending, {"event_id": 1}, sort=[("event_id", 1)], limit=1, hint="deliveries_pending"),
                None,
            )
            return Backlog(
                pending=deliveries.count_documents(pending, limit=limit, hint="deliveries_pending"),
                dead_letters=deliveries.count_documents(dead_letters, limit=limit, hint="deliveries_dead_letters"),
                oldest=oldest["event_id"] if oldest else None,
            )

    def _enqueue(self, subscriber: str, entries: Sequence[JournalEntry], session: ClientSession) -> None:
        deliveries = self.database["deliveries"]
        chosen = {"subscriber": subscriber, "event_id": {"$in": [entry.id for entry in entries]}}
        deliveries.update_many({**chosen, "dead_letter": True}, REVIVE, session=session, hint="deliveries_event")
        found = deliveries.find(chosen, {"event_id": 1}, session=session, hint="deliveries_event")
        stored = {delivery["event_id"] for delivery in found}
        missing = [delivery_document(subscriber, entry) for entry in entries if entry.id not in stored]
        if missing:
            try:
                deliveries.insert_many(missing, session=session)
            except BulkWriteError as error:
                if is_duplicate(error):  # another process enqueued the same delivery
                    raise TryAgain from error
                raise

    def _drop(self, deliveries: Sequence[Document]) -> None:
        """Remove deliveries that were enqueued again while their events were removed."""
        if deliveries:
            self.database["deliveries"].delete_many({"_id": {"$in": [delivery["_id"] for delivery in deliveries]}})

    def _end(self, delivery: Delivery, values: Document) -> None:
        change = {"$inc": {"attempts": 1}, "$set": {"lease": None, **values}}
        with self.database.reached():
            self.database["deliveries"].update_one(_held(delivery), change)


def _by_subscriber(deliveries: Collection[Delivery]) -> dict[str, list[UUID]]:
    groups: defaultdict[str, list[UUID]] = defaultdict(list)
    for delivery in deliveries:
        groups[delivery.subscriber].append(delivery.entry.id)
    return groups


def _held(delivery: Delivery) -> dict[str, Any]:
    return {"subscriber": delivery.subscriber, "event_id": delivery.entry.id, "lease": delivery.lease}
