from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from hexaccount.events.ports import DeadLetter, DeadLetters
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount_mongo.connections import UNBOUNDED, Documents
from hexaccount_mongo.deliveries import REVIVE
from hexaccount_mongo.journal import entry_from


@dataclass(frozen=True, slots=True)
class MongoDeadLetters(DeadLetters):
    """The dead letters in the collection `deliveries`."""

    database: Documents
    commits: CommitSignal

    def page(self, *, limit: int, after: UUID | None, subscriber: str | None = None) -> Sequence[DeadLetter]:
        chosen = _chosen(event_id=None, subscriber=subscriber)
        if after is not None:
            chosen["event_id"] = {"$gt": after}
        order = [("event_id", 1), ("subscriber", 1)]
        with self.database.reached():
            found = list(
                self.database["deliveries"].find(chosen, sort=order, limit=limit, hint="deliveries_dead_letters")
            )
            entries = self.database["journal"].find({"_id": {"$in": [delivery["event_id"] for delivery in found]}})
            by_id = {document["_id"]: entry_from(document) for document in entries}
        return [
            DeadLetter(
                subscriber=delivery["subscriber"],
                entry=by_id[delivery["event_id"]],
                attempts=delivery["attempts"],
                error=delivery["error"],
            )
            for delivery in found
        ]

    def retry(self, *, event_id: UUID | None = None, subscriber: str | None = None) -> int:
        chosen = _chosen(event_id=event_id, subscriber=subscriber)
        with self.database.reached(UNBOUNDED):
            updated = self.database["deliveries"].update_many(chosen, REVIVE, hint="deliveries_dead_letters")
        self.commits.give()
        return updated.modified_count


def _chosen(*, event_id: UUID | None, subscriber: str | None) -> dict[str, Any]:
    chosen: dict[str, Any] = {"dead_letter": True}
    if event_id is not None:
        chosen["event_id"] = event_id
    if subscriber is not None:
        chosen["subscriber"] = subscriber
    return chosen
