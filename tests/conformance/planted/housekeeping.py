"""Bugs in what is counted, remembered and cleared."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from time import sleep

import pytest

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount.rate_limits.rate_limit import BucketState, RateLimit
from hexaccount_memory import MemoryRateLimitStore, retention_store
from hexaccount_memory.clearing import MemoryClearing
from hexaccount_memory.keyed_requests import MemoryKeyedRequests
from hexaccount_memory.signing_keys import MemorySigningKeys
from tests.conformance.planted.bugs import found_by


@found_by("Allowances", "test_a_burst_is_admitted_and_then_one_each_interval")
def one_attempt_too_many_is_admitted(patch: pytest.MonkeyPatch) -> None:
    acquire = MemoryRateLimitStore.acquire

    def lenient(self: MemoryRateLimitStore, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        wider = {
            key: replace(limit, burst=replace(limit.burst, capacity=limit.burst.capacity + 1))
            for key, limit in limits.items()
        }
        return acquire(self, wider, now)

    patch.setattr(MemoryRateLimitStore, "take", lenient)


@found_by("Allowances", "test_an_attempt_takes_from_all_keys_or_from_none")
def a_refused_attempt_has_taken_from_some_keys(patch: pytest.MonkeyPatch) -> None:
    acquire = MemoryRateLimitStore.acquire

    def one_by_one(
        self: MemoryRateLimitStore, limits: Mapping[str, RateLimit], now: datetime
    ) -> dict[str, BucketState]:
        taken: dict[str, BucketState] = {}
        for key, limit in limits.items():
            taken |= acquire(self, {key: limit}, now)
        return taken

    patch.setattr(MemoryRateLimitStore, "take", one_by_one)


@found_by("Allowances", "test_of_32_racing_attempts_as_many_are_admitted_as_there_is_room")
def attempts_are_read_and_then_written(patch: pytest.MonkeyPatch) -> None:
    def acquire(self: MemoryRateLimitStore, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        before = {key: self._fillings.get(key, BucketState(now, now)) for key in limits}
        sleep(0.0005)  # as long as a store elsewhere takes
        after = {}
        for key, limit in limits.items():
            filled = limit.fill(before[key], now)
            if filled is None:
                raise LimitExceeded(key, before[key])
            after[key] = filled
        self._fillings |= after
        return after

    patch.setattr(MemoryRateLimitStore, "take", acquire)


@found_by("IdempotencyRecords", "test_the_first_answer_stays_and_another_request_keeps_its_key")
def a_later_answer_replaces_the_first(patch: pytest.MonkeyPatch) -> None:
    def write(self: MemoryKeyedRequests) -> None:
        self.tables.idempotency_records |= {request.key: request for request in self.work.pending_writes.answered}

    patch.setattr(MemoryKeyedRequests, "write", write)


@found_by("IdempotencyRecords", "test_a_claim_outlives_the_unit_of_work_that_is_undone")
def a_claim_waits_for_the_commit(patch: pytest.MonkeyPatch) -> None:
    def claim(self: MemoryKeyedRequests, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        holder = self.tables.idempotency_records.get(request.key)
        if holder is None:
            self.work.pending_writes.answered.append(request)
        return holder

    patch.setattr(MemoryKeyedRequests, "claim", claim)


@found_by("SigningKeys", "test_a_key_is_retired_once_and_stays_so")
def a_retired_key_can_be_retired_later(patch: pytest.MonkeyPatch) -> None:
    def retire(self: MemorySigningKeys, kid: str, at: datetime) -> bool:
        self.tables.signing_keys[kid] = replace(self.tables.signing_keys[kid], retired_at=at)
        return True

    patch.setattr(MemorySigningKeys, "retire", retire)


@found_by("Clearing", "test_sessions_go_once_they_were_closed_or_have_expired_before_the_moment")
def clearing_removes_live_sessions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retention_store, "_has_ended", lambda session, before: session.opened_at < before)


@found_by("Clearing", "test_a_call_removes_no_more_than_its_limit")
def clearing_knows_no_limit(patch: pytest.MonkeyPatch) -> None:
    clear = MemoryClearing.clear
    patch.setattr(
        MemoryClearing, "clear", lambda self, kind, *, before, limit: clear(self, kind, before=before, limit=10**6)
    )


@found_by("Clearing", "test_the_journal_of_a_cleared_session_stays")
def clearing_takes_the_journal_along(patch: pytest.MonkeyPatch) -> None:
    def sessions(self: MemoryClearing, before: datetime, limit: int) -> int:
        ended = [key for key, session in self.tables.sessions.items() if retention_store._has_ended(session, before)]
        for key in ended[:limit]:
            del self.tables.sessions[key]
            del self.tables.journal["session", key]
        return len(ended[:limit])

    patch.setattr(MemoryClearing, "_sessions", sessions)


@found_by("Clearing", "test_a_note_stays_while_its_event_is_owed_to_that_subscriber")
def notes_of_owed_events_are_cleared(patch: pytest.MonkeyPatch) -> None:
    def events(self: MemoryClearing, before: datetime, limit: int) -> int:
        first_kept = retention_store.first_id_at(before)
        gone = [note for note in self.tables.inbox if note[1] < first_kept][:limit]
        self.tables.inbox.difference_update(gone)
        return len(gone)

    patch.setattr(MemoryClearing, "_events", events)
