from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.tracking_repositories import TrackingIdempotencyRecords
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.reading import Reading

# A key that has no document when it was taken was given back between two looks; nobody does so again and again.
_LOOKS = 10


@dataclass(frozen=True, slots=True)
class MongoKeyedRequests(TrackingIdempotencyRecords):
    """The requests with a key in the collection `idempotency_keys`."""

    database: Documents
    reading: Reading

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        left_over = {"user_id": None, "claimed_until": {"$lte": now}, "fingerprint": request.fingerprint}
        gives_way = {"_id": request.key, "$or": [left_over, {"expires_at": {"$lte": now}}]}
        for _ in range(_LOOKS):
            if self._takes(gives_way, request):
                return None
            holder = self.find(request.key)
            if holder is not None:
                return holder
        raise StoreUnavailable

    def find(self, key: str) -> IdempotencyRecord | None:
        document = self.reading.one("idempotency_keys", {"_id": key})
        return None if document is None else IdempotencyRecord(key=document.pop("_id"), **document)

    def release(self, request: IdempotencyRecord) -> None:
        its_own = {"_id": request.key, "claimed_until": request.claimed_until, "user_id": None}
        with self.database.reached():
            self.database["idempotency_keys"].delete_one(its_own)

    def _takes(self, gives_way: dict[str, Any], request: IdempotencyRecord) -> bool:
        """Put the request where none is or one gives way; where one does not, inserting fails on its key."""
        with self.database.reached():
            try:
                self.database["idempotency_keys"].replace_one(gives_way, request_document(request), upsert=True)
            except DuplicateKeyError:
                return False
        return True


def request_document(request: IdempotencyRecord) -> Document:
    """Return the document of a request."""
    fields = asdict(request)
    return {"_id": fields.pop("key"), **fields}
