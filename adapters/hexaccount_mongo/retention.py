"""Removes expired documents: finds them by an index, then removes them by `_id` if they are still expired."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hexaccount.kernel.identifiers import first_id_at
from hexaccount.retention.ports import ExpiredKind, RetentionStore
from hexaccount_mongo.connections import Documents
from hexaccount_mongo.lookups import first_match

# A session has ended when one of these moments has passed; each has an index.
_SESSION_ENDS = ("closed_at", "idle_until")
_TOKENS: Mapping[str, Any] = {
    "$lookup": {"from": "refresh_tokens", "localField": "_id", "foreignField": "session_id", "as": "token"}
}
_ONE_TOKEN = first_match("refresh_tokens", "token", ("session_id", "$eq", "_id"))
_PENDING_DELIVERY = first_match(
    "deliveries", "pending", ("subscriber", "$eq", "subscriber"), ("event_id", "$eq", "event_id")
)


@dataclass(frozen=True, slots=True)
class MongoRetentionStore(RetentionStore):
    """Removes expired documents. Acknowledging a delivery removes its document at once."""

    database: Documents

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        steps: Mapping[ExpiredKind, Callable[[datetime, int], int]] = {
            ExpiredKind.TOKENS_OF_ENDED_SESSIONS: self._tokens_of_ended,
            ExpiredKind.ENDED_SESSIONS: self._sessions,
            ExpiredKind.SPENT_TOKENS: self._spent_tokens,
            ExpiredKind.TOKEN_SALTS: self._salts,
            ExpiredKind.IDLE_RATE_LIMITS: self._drained,
            ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS: self._requests,
            ExpiredKind.HANDLED_EVENTS: self._inbox,
        }
        with self.database.reached():
            return steps[kind](before, limit)

    def _tokens_of_ended(self, before: datetime, limit: int) -> int:
        removed = 0
        for end in _SESSION_ENDS:
            if removed < limit:
                steps = [_TOKENS, {"$unwind": "$token"}, {"$limit": limit - removed}]
                found = self._ended_sessions(end, before, steps)
                removed += self._remove("refresh_tokens", [session["token"]["_id"] for session in found], {})
        return removed

    def _sessions(self, before: datetime, limit: int) -> int:
        removed = 0
        for end in _SESSION_ENDS:
            if removed < limit:
                steps = [_ONE_TOKEN, {"$match": {"token": []}}, {"$limit": limit - removed}]
                found = self._ended_sessions(end, before, steps)
                # The condition keeps sessions that were refreshed since.
                removed += self._remove("sessions", [each["_id"] for each in found], {end: {"$lt": before}})
        return removed

    def _spent_tokens(self, before: datetime, limit: int) -> int:
        return self._remove_before("refresh_tokens", "spent_at", before, limit)

    def _salts(self, before: datetime, limit: int) -> int:
        salted = {"salt": {"$type": "string"}}
        ids = self._ids(
            "refresh_tokens", {"spent_at": {"$lt": before}, **salted}, "spent_at", limit, "refresh_tokens_salt"
        )
        if not ids:
            return 0
        chosen = {"_id": {"$in": ids}, **salted}
        return self.database["refresh_tokens"].update_many(chosen, {"$set": {"salt": None}}).modified_count

    def _drained(self, before: datetime, limit: int) -> int:
        drained = {"sustained_until": {"$lt": before}, "burst_until": {"$lt": before}}
        ids = self._ids("rate_limits", drained, "sustained_until", limit, "rate_limits_sustained_until")
        return self._remove("rate_limits", ids, drained)

    def _requests(self, before: datetime, limit: int) -> int:
        return self._remove_before("idempotency_records", "expires_at", before, limit)

    def _inbox(self, before: datetime, limit: int) -> int:
        """Visit the few subscribers one by one, as no index of the inbox begins with the event."""
        removed = 0
        inbox, order = self.database["inbox"], [("subscriber", 1), ("event_id", 1)]
        entry = inbox.find_one({}, sort=order, hint="inbox_event")
        while entry is not None and removed < limit:
            old = {"subscriber": entry["subscriber"], "event_id": {"$lt": first_id_at(before)}}
            more: list[Mapping[str, Any]] = [
                _PENDING_DELIVERY,
                {"$match": {"pending": []}},
                {"$limit": limit - removed},
                {"$project": {"_id": 1}},
            ]
            steps = [{"$match": old}, {"$sort": {"event_id": 1}}, *more]
            ids = [each["_id"] for each in inbox.aggregate(steps, hint="inbox_event")]
            removed += self._remove("inbox", ids, {})
            entry = inbox.find_one({"subscriber": {"$gt": entry["subscriber"]}}, sort=order, hint="inbox_event")
        return removed

    def _remove_before(self, collection: str, field: str, before: datetime, limit: int) -> int:
        past = {field: {"$lt": before}}
        ids = self._ids(collection, past, field, limit, f"{collection}_{field}")
        return self._remove(collection, ids, past)

    def _ids(self, collection: str, condition: Mapping[str, Any], by: str, limit: int, index: str) -> list[Any]:
        found = self.database[collection].find(condition, {"_id": 1}, sort=[(by, 1)], limit=limit, hint=index)
        return [document["_id"] for document in found]

    def _ended_sessions(self, end: str, before: datetime, steps: Sequence[Mapping[str, Any]]) -> list[Any]:
        pipeline: list[Mapping[str, Any]] = [{"$match": {end: {"$lt": before}}}, {"$sort": {end: 1}}, *steps]
        return list(self.database["sessions"].aggregate(pipeline, hint=f"sessions_{end}"))

    def _remove(self, collection: str, ids: Sequence[Any], condition: Mapping[str, Any]) -> int:
        if not ids:
            return 0
        return self.database[collection].delete_many({"_id": {"$in": ids}, **condition}).deleted_count
