from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError, DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.rate_limits.ports import RateLimitStore, fill_all
from hexaccount_mongo.connections import Document, Documents
from hexaccount_mongo.errors import is_duplicate
from hexaccount_mongo.transactions import TryAgain, persistently, try_once

# A document lost in a crash admits a few attempts more; waiting for the disk and a majority would slow every attempt.
_FAST = WriteConcern(w=1, j=False)
_MILLISECOND = timedelta(milliseconds=1)


class MongoRateLimitStore(RateLimitStore):
    """Counts attempts in the collection `rate_limits`; the retention worker removes drained documents.

    An attempt at one key is one conditional update. An attempt at several keys reads the documents, and updates them in
    one transaction if none has changed since.
    """

    def __init__(self, database: Documents) -> None:
        self._database = database
        self._rate_limits = database["rate_limits"].with_options(read_concern=ReadConcern("local"), write_concern=_FAST)

    def acquire(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        with self._database.reached():
            if len(limits) == 1:
                ((key, limit),) = limits.items()
                return {key: persistently(lambda: self._take_one(key, limit, now))}
            return persistently(lambda: self._take_all(limits, now))

    def refund(self, limits: Mapping[str, RateLimit], elapsed: timedelta) -> None:
        writes = [UpdateOne({"_id": key}, _refunded(limit, elapsed)) for key, limit in limits.items()]
        with self._database.reached():
            self._rate_limits.bulk_write(writes, ordered=False)

    def _take_one(self, key: str, limit: RateLimit, now: datetime) -> BucketState:
        try:
            after = self._rate_limits.find_one_and_update(
                _has_capacity(key, limit, now), _filled(limit, now), upsert=True, return_document=ReturnDocument.AFTER
            )
        except DuplicateKeyError as error:  # the key is stored: its bucket is full, or was inserted concurrently
            self._fill({key: limit}, self._read([key]), now)
            raise TryAgain from error
        return _filling(after or {})  # an upsert always returns a document

    def _take_all(self, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        before = self._read(limits)
        after = self._fill(limits, before, now)
        self._replace(before, after)
        return after

    def _read(self, keys: Iterable[str]) -> dict[str, BucketState]:
        found = self._rate_limits.find({"_id": {"$in": list(keys)}})
        return {document["_id"]: _filling(document) for document in found}

    def _fill(
        self, limits: Mapping[str, RateLimit], before: Mapping[str, BucketState], now: datetime
    ) -> dict[str, BucketState]:
        """Return the states after an attempt; raises LimitExceeded, after storing `before` as it is when cut."""
        states = {key: limits[key].cut(state, now) for key, state in before.items()}
        writes = [UpdateOne({"_id": key}, {"$min": _moments(state)}) for key, state in states.items()]
        if states != before:
            self._rate_limits.bulk_write(writes, ordered=False)
        return fill_all(limits, states, now)

    def _replace(self, before: Mapping[str, BucketState], after: Mapping[str, BucketState]) -> None:
        """Write all or nothing; raises TryAgain if a document has changed since `before`."""
        # One order for all writers: the loser of a race has written little.
        writes = [
            UpdateOne(_as_read(key, before.get(key)), {"$set": _moments(after[key])}, upsert=key not in before)
            for key in sorted(after)
        ]

        def write(session: ClientSession) -> None:
            written = self._rate_limits.bulk_write(writes, session=session)
            if written.matched_count + written.upserted_count != len(writes):
                raise TryAgain

        with self._database.start_session() as session:
            try:
                try_once(session, write, _FAST)
            except BulkWriteError as error:
                if is_duplicate(error):
                    raise TryAgain from error
                raise


def _has_capacity(key: str, limit: RateLimit, now: datetime) -> Document:
    """Return the condition on which `Meter` admits: until <= now + room - interval, which is never below now."""
    return {
        "_id": key,
        "burst_until": {"$lte": now + limit.burst.window - limit.burst.interval},
        "sustained_until": {"$lte": now + limit.sustained.window - limit.sustained.interval},
    }


def _filled(limit: RateLimit, now: datetime) -> list[Document]:
    """Return the update that does what `Meter.fill` does; a missing document counts as drained."""

    def filled(field: str, interval: timedelta) -> dict[str, Any]:
        return {"$add": [{"$max": [f"${field}", now]}, interval // _MILLISECOND]}

    burst, sustained = limit.burst.interval, limit.sustained.interval
    return [
        {"$set": {"burst_until": filled("burst_until", burst), "sustained_until": filled("sustained_until", sustained)}}
    ]


def _refunded(limit: RateLimit, elapsed: timedelta) -> list[Document]:
    """Return the update that does what `RateLimit.refund` does."""
    burst, sustained = limit.burst.refundable(elapsed), limit.sustained.refundable(elapsed)
    return [
        {
            "$set": {
                "burst_until": {"$subtract": ["$burst_until", burst // _MILLISECOND]},
                "sustained_until": {"$subtract": ["$sustained_until", sustained // _MILLISECOND]},
            }
        }
    ]


def _as_read(key: str, state: BucketState | None) -> Document:
    return {"_id": key, "burst_until": None} if state is None else {"_id": key, **_moments(state)}


def _moments(state: BucketState) -> Document:
    return {"burst_until": state.burst_until, "sustained_until": state.sustained_until}


def _filling(document: Mapping[str, Any]) -> BucketState:
    return BucketState(document["burst_until"], document["sustained_until"])
