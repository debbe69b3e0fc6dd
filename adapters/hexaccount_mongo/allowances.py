from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore
from hexaccount.rate_limits.rate_limit import BucketState, RateLimit
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.transactions import TryAgain, persistently, try_once

# A meter lost in a crash admits a few attempts more; to wait for the disk and for a majority would slow each of them.
_QUICK = WriteConcern(w=1, j=False)
_DUPLICATE_KEY = 11000
_MILLISECOND = timedelta(milliseconds=1)


class MongoRateLimitStore(RateLimitStore):
    """Counts attempts in the collection `allowances`, which is cleared of drained meters with the other leftovers.

    An attempt at one key is one update, which has its room as condition. An attempt at several is read, reckoned and
    written in one transaction, each meter only where it is as it was read.
    """

    def __init__(self, database: Documents) -> None:
        self._database = database
        self._meters = database["allowances"].with_options(read_concern=ReadConcern("local"), write_concern=_QUICK)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        with self._database.reached():
            if len(limits) == 1:
                ((key, limit),) = limits.items()
                return {key: persistently(lambda: self._take_one(key, limit, now))}
            return persistently(lambda: self._take_all(limits, now))

    def refund(self, limits: Mapping[str, RateLimit], bucket_states: Mapping[str, BucketState]) -> None:
        undone = [
            UpdateOne(_as_read(key, after), {"$set": _moments(limits[key].undo(after))})
            for key, after in bucket_states.items()
        ]
        with self._database.reached():
            self._meters.bulk_write(undone, ordered=False)

    def _take_one(self, key: str, limit: RateLimit, now: datetime) -> BucketState:
        try:
            after = self._meters.find_one_and_update(
                _with_room(key, limit, now), _filled(limit, now), upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError as error:  # the key is there, and was full or has just come
            there = self._meters.find_one({"_id": key})
            if there is not None and limit.fill(_filling(there), now) is None:
                raise LimitExceeded(key, _filling(there)) from None
            raise TryAgain from error
        return _filling(after or {})  # an upsert always finds one

    def _take_all(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        found = self._meters.find({"_id": {"$in": list(limits)}})
        before = {document["_id"]: _filling(document) for document in found}
        after: dict[str, BucketState] = {}
        for key, limit in limits.items():
            filled = limit.fill(before.get(key), now)
            if filled is None:
                raise LimitExceeded(key, before[key])
            after[key] = filled
        self._put(before, after)
        return after

    def _put(self, before: Mapping[str, BucketState], after: Mapping[str, BucketState]) -> None:
        """Write all or nothing; raises TryAgain where a meter is not as it was before."""
        # In one order for everybody, so that who loses a race has written little.
        writes = [
            UpdateOne(_as_read(key, before.get(key)), {"$set": _moments(after[key])}, upsert=key not in before)
            for key in sorted(after)
        ]

        def write(session: ClientSession) -> None:
            written = self._meters.bulk_write(writes, session=session)
            if written.matched_count + written.upserted_count != len(writes):
                raise TryAgain

        with self._database.start_session() as session:
            try:
                try_once(session, write, _QUICK)
            except BulkWriteError as error:
                if error.details["writeErrors"][0]["code"] == _DUPLICATE_KEY:
                    raise TryAgain from error
                raise


def _with_room(key: str, limit: RateLimit, now: datetime) -> Document:
    """Return the condition that `Meter` admits: until <= now + room - interval, which is never below now."""
    return {
        "_id": key,
        "burst_until": {"$lte": now + limit.burst.room - limit.burst.interval},
        "sustained_until": {"$lte": now + limit.sustained.room - limit.sustained.interval},
    }


def _filled(limit: RateLimit, now: datetime) -> list[Document]:
    """Return the update that is `Meter.fill`; what is not there is taken for drained."""

    def filled(field: str, interval: timedelta) -> dict[str, Any]:
        return {"$add": [{"$max": [f"${field}", now]}, interval // _MILLISECOND]}

    burst, sustained = limit.burst.interval, limit.sustained.interval
    return [
        {"$set": {"burst_until": filled("burst_until", burst), "sustained_until": filled("sustained_until", sustained)}}
    ]


def _as_read(key: str, bucket_state: BucketState | None) -> Document:
    return {"_id": key, "burst_until": None} if bucket_state is None else {"_id": key, **_moments(bucket_state)}


def _moments(bucket_state: BucketState) -> Document:
    return {"burst_until": bucket_state.burst_until, "sustained_until": bucket_state.sustained_until}


def _filling(document: Mapping[str, Any]) -> BucketState:
    return BucketState(document["burst_until"], document["sustained_until"])
