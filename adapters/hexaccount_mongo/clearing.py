"""The removal of leftovers: what is found by an index is removed by its `_id`, if it is still a leftover then."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hexaccount.kernel.identifiers import first_id_at
from hexaccount.retention.ports import ExpiredKind, RetentionStore
from hexaccount_mongo.connections import Documents

# A session has ended when one of these has passed; each is looked for by an index of its own.
_ENDS = {"closed_at": "sessions_closed", "idle_until": "sessions_end"}
_TOKENS: Mapping[str, Any] = {
    "$lookup": {"from": "refresh_tokens", "localField": "_id", "foreignField": "session_id", "as": "token"}
}
_ONE_TOKEN: Mapping[str, Any] = {
    "$lookup": {
        "from": "refresh_tokens",
        "let": {"session": "$_id"},
        "pipeline": [
            {"$match": {"$expr": {"$eq": ["$session_id", "$$session"]}}},
            {"$limit": 1},
            {"$project": {"_id": 1}},
        ],
        "as": "token",
    }
}
_STILL_OWED: Mapping[str, Any] = {
    "$lookup": {
        "from": "deliveries",
        "let": {"subscriber": "$subscriber", "event": "$event_id"},
        "pipeline": [
            {
                "$match": {
                    "$expr": {"$and": [{"$eq": ["$subscriber", "$$subscriber"]}, {"$eq": ["$event_id", "$$event"]}]}
                }
            },
            {"$limit": 1},
            {"$project": {"_id": 1}},
        ],
        "as": "owed",
    }
}


@dataclass(frozen=True, slots=True)
class MongoClearing(RetentionStore):
    """Removes leftovers; deliveries are none, as one that has succeeded is a document that is gone."""

    database: Documents

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        steps: Mapping[ExpiredKind, Callable[[datetime, int], int]] = {
            ExpiredKind.TOKENS_OF_ENDED_SESSIONS: self._tokens_of_ended,
            ExpiredKind.ENDED_SESSIONS: self._sessions,
            ExpiredKind.SPENT_TOKENS: self._spent_tokens,
            ExpiredKind.TOKEN_SALTS: self._salts,
            ExpiredKind.IDLE_RATE_LIMITS: self._drained,
            ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS: self._requests,
            ExpiredKind.HANDLED_EVENTS: self._notes,
        }
        with self.database.reached():
            return steps[kind](before, limit)

    def _tokens_of_ended(self, before: datetime, limit: int) -> int:
        removed = 0
        for end, index in _ENDS.items():
            if removed < limit:
                further = [_TOKENS, {"$unwind": "$token"}, {"$limit": limit - removed}]
                found = self._found("sessions", end, before, further, index)
                removed += self._remove("refresh_tokens", [session["token"]["_id"] for session in found], {})
        return removed

    def _sessions(self, before: datetime, limit: int) -> int:
        removed = 0
        for end, index in _ENDS.items():
            if removed < limit:
                further = [_ONE_TOKEN, {"$match": {"token": []}}, {"$limit": limit - removed}]
                found = self._found("sessions", end, before, further, index)
                # One that was refreshed since is no leftover.
                removed += self._remove("sessions", [each["_id"] for each in found], {end: {"$lt": before}})
        return removed

    def _spent_tokens(self, before: datetime, limit: int) -> int:
        return self._by_moment("refresh_tokens", "spent_at", before, limit, "refresh_tokens_spent")

    def _salts(self, before: datetime, limit: int) -> int:
        salted = {"salt": {"$type": "string"}}
        ids = self._ids("refresh_tokens", {"spent_at": {"$lt": before}, **salted}, "spent_at", limit, "_salted")
        if not ids:
            return 0
        chosen = {"_id": {"$in": ids}, **salted}
        return self.database["refresh_tokens"].update_many(chosen, {"$set": {"salt": None}}).modified_count

    def _drained(self, before: datetime, limit: int) -> int:
        drained = {"sustained_until": {"$lt": before}, "burst_until": {"$lt": before}}
        ids = self._ids("allowances", drained, "sustained_until", limit, "_lasting")
        return self._remove("allowances", ids, drained)

    def _requests(self, before: datetime, limit: int) -> int:
        return self._by_moment("idempotency_keys", "expires_at", before, limit, "idempotency_keys_expiry")

    def _notes(self, before: datetime, limit: int) -> int:
        """Walk through the few subscribers one after the other, as no index has the notes by event alone."""
        removed = 0
        inbox, order = self.database["inbox"], [("subscriber", 1), ("event_id", 1)]
        note = inbox.find_one({}, sort=order, hint="inbox_event")
        while note is not None and removed < limit:
            old = {"subscriber": note["subscriber"], "event_id": {"$lt": first_id_at(before)}}
            further: list[Mapping[str, Any]] = [
                _STILL_OWED,
                {"$match": {"owed": []}},
                {"$limit": limit - removed},
                {"$project": {"_id": 1}},
            ]
            steps = [{"$match": old}, {"$sort": {"event_id": 1}}, *further]
            ids = [each["_id"] for each in inbox.aggregate(steps, hint="inbox_event")]
            removed += self._remove("inbox", ids, {})
            note = inbox.find_one({"subscriber": {"$gt": note["subscriber"]}}, sort=order, hint="inbox_event")
        return removed

    def _by_moment(self, collection: str, moment: str, before: datetime, limit: int, index: str) -> int:
        past = {moment: {"$lt": before}}
        ids = self._ids(collection, past, moment, limit, index.removeprefix(collection))
        return self._remove(collection, ids, past)

    def _ids(self, collection: str, condition: Mapping[str, Any], by: str, limit: int, index: str) -> list[Any]:
        found = self.database[collection].find(
            condition, {"_id": 1}, sort=[(by, 1)], limit=limit, hint=collection + index
        )
        return [document["_id"] for document in found]

    def _found(
        self, collection: str, moment: str, before: datetime, further: Sequence[Mapping[str, Any]], index: str
    ) -> list[Any]:
        steps: list[Mapping[str, Any]] = [{"$match": {moment: {"$lt": before}}}, {"$sort": {moment: 1}}, *further]
        return list(self.database[collection].aggregate(steps, hint=index))

    def _remove(self, collection: str, ids: Sequence[Any], condition: Mapping[str, Any]) -> int:
        if not ids:
            return 0
        return self.database[collection].delete_many({"_id": {"$in": ids}, **condition}).deleted_count
