from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, takewhile
from uuid import UUID

from pymongo.collection import Collection

from hexaccount_mongo.connections import Document
from hexaccount_mongo.deliveries import FREE

_AGGREGATE = ("aggregate", "aggregate_id")
_SAME = [{"$eq": [f"${name}", f"$${name}"]} for name in ("subscriber", *_AGGREGATE)]
# Finds the last pending delivery of the same aggregate to the same subscriber that is before this one.
_PREDECESSOR: Document = {
    "$lookup": {
        "from": "deliveries",
        "let": {name: f"${name}" for name in ("subscriber", *_AGGREGATE, "sequence")},
        "pipeline": [
            {"$match": {"dead_letter": False, "$expr": {"$and": [*_SAME, {"$lt": ["$sequence", "$$sequence"]}]}}},
            {"$sort": {"subscriber": -1, **dict.fromkeys(_AGGREGATE, -1), "sequence": -1}},
            {"$limit": 1},
            {"$project": {"_id": 0, "sequence": 1}},
        ],
        "as": "predecessor",
    }
}


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

    def take(self, limit: int, after: UUID) -> tuple[list[Document], UUID | None]:
        """Lease deliveries, and return their documents, and the last event of the front if that is full."""
        due: Document = {"subscriber": self.subscriber, **self._due, "event_id": {"$gt": after}}
        steps: list[Document] = [{"$match": due}, {"$sort": {"event_id": 1}}, {"$limit": limit}, _PREDECESSOR]
        front = list(self.snapshot.aggregate(steps, hint="deliveries_pending"))
        end = front[-1]["event_id"] if len(front) == limit else None
        chosen = list(_unbroken(front))
        return self._lease(chosen) if chosen else [], end

    @property
    def _due(self) -> Document:
        return {"dead_letter": False, "available_at": {"$not": {"$gt": self.now, "$lte": self.latest}}}

    def _lease(self, chosen: Sequence[Document]) -> list[Document]:
        """Lease deliveries that are still free, up to the first of each aggregate that is not, and return them."""
        mine: Document = {
            "subscriber": self.subscriber,
            "event_id": {"$in": [delivery["event_id"] for delivery in chosen]},
        }
        taken = {"$set": {"lease": self.token, "available_at": self.until}}
        if not self.deliveries.update_many({**mine, **self._due}, taken, hint="deliveries_event").modified_count:
            return []
        mine["lease"] = self.token
        leased = {delivery["event_id"]: delivery for delivery in self.deliveries.find(mine, hint="deliveries_event")}
        kept = [
            delivery
            for _, deliveries in groupby(chosen, _aggregate_of)
            for delivery in takewhile(lambda delivery: delivery["event_id"] in leased, deliveries)
        ]
        held = [leased.pop(delivery["event_id"]) for delivery in kept]
        if leased:  # another claim has taken earlier ones of their aggregates in between
            mine["event_id"] = {"$in": list(leased)}
            self.deliveries.update_many(mine, {"$set": FREE}, hint="deliveries_event")
        return held


def _unbroken(front: Sequence[Document]) -> Iterator[Document]:
    """Yield, by aggregate and in order, the deliveries behind which nothing else is pending."""
    for _, deliveries in groupby(sorted(front, key=_place_of), _aggregate_of):
        previous: list[Document] = []
        for delivery in deliveries:
            if delivery["predecessor"] != previous:
                break
            previous = [{"sequence": delivery["sequence"]}]
            yield delivery


def _aggregate_of(delivery: Document) -> tuple[str, UUID]:
    return delivery["aggregate"], delivery["aggregate_id"]


def _place_of(delivery: Document) -> tuple[str, UUID, int]:
    return *_aggregate_of(delivery), delivery["sequence"]
