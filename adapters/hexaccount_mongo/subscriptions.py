from collections.abc import Collection
from dataclasses import dataclass

from hexaccount.events.ports import Subscriptions
from hexaccount_mongo.connections import Documents


@dataclass(frozen=True, slots=True)
class MongoSubscriptions(Subscriptions):
    """The subscriptions in the collections `subscriptions` and `deliveries`."""

    database: Documents

    def names(self) -> Collection[str]:
        with self.database.reached():
            subscribed = self.database["subscriptions"].find({"types": {"$ne": []}}, {"_id": 1})
            return {found["_id"] for found in subscribed} | set(self.database["deliveries"].distinct("subscriber"))

    def unsubscribe(self, subscriber: str, *, limit: int) -> int:
        deliveries = self.database["deliveries"]
        with self.database.reached():
            self.database["subscriptions"].delete_one({"_id": subscriber})
            found = deliveries.find({"subscriber": subscriber}, {"_id": 1}, limit=limit, hint="deliveries_event")
            chosen = {"subscriber": subscriber, "_id": {"$in": [each["_id"] for each in found]}}
            return deliveries.delete_many(chosen).deleted_count
