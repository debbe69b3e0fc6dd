from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pymongo.collection import Collection

from hexaccount_mongo.connections import Document
from hexaccount_mongo.lookups import first_match

_WINDOW_FACTOR = 4  # times the limit of a claim: most aggregates have few events, next to each other
# All due deliveries may belong to one aggregate, of which only the first can be claimed.
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
# Finds an earlier pending delivery of the same aggregate to the same subscriber.
_EARLIER = first_match(
    "deliveries",
    "earlier",
    *((field, "$eq", field) for field in ("subscriber", "aggregate", "aggregate_id")),
    ("sequence", "$lt", "sequence"),
    dead_letter=False,
)


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim: it owns the deliveries that carry its token, and each delivery is owned by one claim only.

    What it chooses is read from `snapshot`, the same collection at one moment: the commits of a sharded cluster reach
    its shards one after the other, and a later event must not be seen without the earlier one.
    """

    deliveries: Collection[Document]
    snapshot: Collection[Document]
    subscriber: str
    token: UUID
    now: datetime
    until: datetime
    latest: datetime

    def take(self, limit: int) -> list[Document]:
        """Lease up to `limit` deliveries, and return their documents."""
        claimed = self._lease(self._heads(limit))
        if claimed and len(claimed) < limit:
            claimed += self._lease(self._followers(claimed, limit - len(claimed)))
        return claimed

    @property
    def _due(self) -> Document:
        return {"dead_letter": False, "available_at": {"$not": {"$gt": self.now, "$lte": self.latest}}}

    def _heads(self, limit: int) -> list[UUID]:
        """Return events that may be claimed now: due, and the first pending ones of their aggregates.

        Searches among the oldest due deliveries, and widens the window while it contains none.
        """
        due: Document = {"subscriber": self.subscriber, **self._due}
        window, after = _WINDOW_FACTOR * limit, UUID(int=0)
        while True:
            beyond = {**due, "event_id": {"$gt": after}}
            front: list[Document] = [{"$match": beyond}, {"$sort": {"event_id": 1}}, {"$limit": window}]
            steps = [*front, *_FIRST_OF_EACH, _EARLIER, {"$match": {"earlier": []}}, {"$limit": limit}]
            if found := [
                document["event_id"] for document in self.snapshot.aggregate(steps, hint="deliveries_pending")
            ]:
                return found
            last = self.deliveries.find(
                beyond, {"event_id": 1}, sort=[("event_id", 1)], skip=window - 1, limit=1, hint="deliveries_pending"
            )
            end = next(last, None)
            if end is None:
                return []
            window, after = 4 * window, end["event_id"]

    def _lease(self, events: Sequence[UUID]) -> list[Document]:
        """Lease the deliveries of these events that are still free, and return them."""
        if not events:
            return []
        chosen = {"subscriber": self.subscriber, "event_id": {"$in": list(events)}}
        taken = {"$set": {"lease": self.token, "available_at": self.until}}
        if not self.deliveries.update_many({**chosen, **self._due}, taken, hint="deliveries_event").modified_count:
            return []
        return list(self.deliveries.find({**chosen, "lease": self.token}, hint="deliveries_event"))

    def _followers(self, heads: Sequence[Document], limit: int) -> list[UUID]:
        """Return what follows the heads in their aggregates, up to the first that is not due; no other claim can."""
        after = [
            {
                "aggregate": head["aggregate"],
                "aggregate_id": head["aggregate_id"],
                "sequence": {"$gt": head["sequence"]},
            }
            for head in heads
        ]
        order = {"aggregate": 1, "aggregate_id": 1, "sequence": 1}
        found = self.snapshot.find(
            {"subscriber": self.subscriber, "dead_letter": False, "$or": after},
            sort=list(order.items()),
            limit=limit,
            hint="deliveries_order",
        )
        blocked: set[tuple[str, UUID]] = set()
        events: list[UUID] = []
        for delivery in found:
            aggregate = delivery["aggregate"], delivery["aggregate_id"]
            if self.now < delivery["available_at"] <= self.latest:
                blocked.add(aggregate)
            if aggregate not in blocked:
                events.append(delivery["event_id"])
        return events
