"""Bugs in rate limits, idempotency records, signing keys and retention."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from time import sleep

import pytest

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount_memory import MemoryRateLimitStore, retention
from hexaccount_memory.idempotency_records import MemoryIdempotencyRecords
from hexaccount_memory.retention import MemoryRetentionStore
from hexaccount_memory.signing_keys import MemorySigningKeys
from tests.conformance.planted.bugs import found_by


@found_by("RateLimitStore", "test_a_burst_is_permitted_and_then_one_attempt_per_interval")
def one_attempt_too_many_is_permitted(patch: pytest.MonkeyPatch) -> None:
    acquire = MemoryRateLimitStore.acquire

    def lenient(self: MemoryRateLimitStore, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        wider = {
            key: replace(limit, burst=replace(limit.burst, capacity=limit.burst.capacity + 1))
            for key, limit in limits.items()
        }
        return acquire(self, wider, now)

    patch.setattr(MemoryRateLimitStore, "acquire", lenient)


@found_by("RateLimitStore", "test_an_attempt_counts_at_all_keys_or_at_none")
def a_refused_attempt_counts_at_some_keys(patch: pytest.MonkeyPatch) -> None:
    acquire = MemoryRateLimitStore.acquire

    def one_by_one(
        self: MemoryRateLimitStore, limits: Mapping[str, RateLimit], now: datetime
    ) -> dict[str, BucketState]:
        states: dict[str, BucketState] = {}
        for key, limit in limits.items():
            states |= acquire(self, {key: limit}, now)
        return states

    patch.setattr(MemoryRateLimitStore, "acquire", one_by_one)


@found_by("RateLimitStore", "test_32_racing_attempts_are_permitted_up_to_the_capacity")
def attempts_are_read_and_written_without_a_lock(patch: pytest.MonkeyPatch) -> None:
    def acquire(self: MemoryRateLimitStore, limits: Mapping[str, RateLimit], now: datetime) -> dict[str, BucketState]:
        before = {key: self._fillings.get(key, BucketState(now, now)) for key in limits}
        sleep(0.0005)  # as long as a round trip to a remote store takes
        after = {}
        for key, limit in limits.items():
            filled = limit.fill(before[key], now)
            if filled is None:
                raise LimitExceeded(key, before[key])
            after[key] = filled
        self._fillings |= after
        return after

    patch.setattr(MemoryRateLimitStore, "acquire", acquire)


@found_by("IdempotencyRecords", "test_the_first_result_stays_and_a_different_request_keeps_its_key")
def a_later_result_replaces_the_first(patch: pytest.MonkeyPatch) -> None:
    def write(self: MemoryIdempotencyRecords) -> None:
        self.tables.idempotency_records |= {record.key: record for record in self.identity_map.pending_writes.answered}

    patch.setattr(MemoryIdempotencyRecords, "write", write)


@found_by("IdempotencyRecords", "test_a_claim_survives_the_rollback_of_its_unit_of_work")
def a_claim_waits_for_the_commit(patch: pytest.MonkeyPatch) -> None:
    def claim(self: MemoryIdempotencyRecords, request: IdempotencyRecord, *, now: datetime) -> IdempotencyRecord | None:
        holder = self.tables.idempotency_records.get(request.key)
        if holder is None:
            self.identity_map.pending_writes.answered.append(request)
        return holder

    patch.setattr(MemoryIdempotencyRecords, "claim", claim)


@found_by("SigningKeys", "test_a_key_is_retired_once")
def a_retired_key_can_be_retired_again(patch: pytest.MonkeyPatch) -> None:
    def retire(self: MemorySigningKeys, kid: str, at: datetime) -> bool:
        self.tables.signing_keys[kid] = replace(self.tables.signing_keys[kid], retired_at=at)
        return True

    patch.setattr(MemorySigningKeys, "retire", retire)


@found_by("RetentionStore", "test_sessions_that_were_closed_or_expired_before_the_cutoff_are_removed")
def retention_removes_live_sessions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(retention, "_has_ended", lambda session, before: session.opened_at < before)


@found_by("RetentionStore", "test_a_call_removes_no_more_than_its_limit")
def retention_ignores_its_limit(patch: pytest.MonkeyPatch) -> None:
    clear = MemoryRetentionStore.clear
    patch.setattr(
        MemoryRetentionStore,
        "clear",
        lambda self, kind, *, before, limit: clear(self, kind, before=before, limit=10**6),
    )


@found_by("RetentionStore", "test_the_journal_of_a_removed_session_stays")
def retention_removes_the_journal(patch: pytest.MonkeyPatch) -> None:
    def sessions(self: MemoryRetentionStore, before: datetime, limit: int) -> int:
        ended = [key for key, session in self.tables.sessions.items() if retention._has_ended(session, before)]
        for key in ended[:limit]:
            del self.tables.sessions[key]
            del self.tables.journal["session", key]
        return len(ended[:limit])

    patch.setattr(MemoryRetentionStore, "_sessions", sessions)


@found_by("RetentionStore", "test_an_inbox_entry_stays_while_its_event_is_pending_for_that_subscriber")
def retention_removes_inbox_entries_of_pending_events(patch: pytest.MonkeyPatch) -> None:
    def events(self: MemoryRetentionStore, before: datetime, limit: int) -> int:
        first_kept = retention.first_id_at(before)
        expired = [entry for entry in self.tables.inbox if entry[1] < first_kept][:limit]
        self.tables.inbox.difference_update(expired)
        return len(expired)

    patch.setattr(MemoryRetentionStore, "_events", events)
