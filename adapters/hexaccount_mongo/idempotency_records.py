from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pymongo.errors import DuplicateKeyError

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.tracking_repositories import TrackingIdempotencyRecords
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.reading import Reading

# A key that is taken and then has no document was released between the two operations; a client does not repeat that.
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True)
class MongoIdempotencyRecords(TrackingIdempotencyRecords):
    """The idempotency records in the collection `idempotency_records`."""

    database: Documents
    reading: Reading

    def claim(self, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        abandoned = {"user_id": None, "claimed_until": {"$lte": now}, "fingerprint": request.fingerprint}
        replaceable = {"_id": request.key, "$or": [abandoned, {"expires_at": {"$lte": now}}]}
        for _ in range(_ATTEMPTS):
            if self._insert(replaceable, request):
                return None
            holder = self.find(request.key)
            if holder is not None:
                return holder
        raise StoreUnavailable

    def find(self, key: str) -> IdempotencyRecord | None:
        document = self.reading.one("idempotency_records", {"_id": key})
        return None if document is None else IdempotencyRecord(key=document.pop("_id"), **document)

    def release(self, request: IdempotencyRecord) -> None:
        claim = {"_id": request.key, "claimed_until": request.claimed_until, "user_id": None}
        with self.database.reached():
            self.database["idempotency_records"].delete_one(claim)

    def _insert(self, replaceable: dict[str, Any], request: IdempotencyRecord) -> bool:
        """Insert the request, or replace a replaceable one; return False if another one has the key."""
        with self.database.reached():
            try:
                self.database["idempotency_records"].replace_one(replaceable, request_document(request), upsert=True)
            except DuplicateKeyError:
                return False
        return True


def request_document(request: IdempotencyRecord) -> Document:
    """Return the document of a request."""
    fields = asdict(request)
    return {"_id": fields.pop("key"), **fields}
