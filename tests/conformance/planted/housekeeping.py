"""Bugs in rate limits, idempotency records, signing keys and retention."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from time import sleep
from typing import Any
from uuid import UUID

import pytest

from hexaccount.idempotency.idempotency_records import IdempotencyRecord, IdempotencyRecords
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.kernel.records import Expiry
from hexaccount.rate_limits.ports import LimitExceeded
from hexaccount.sessions.sessions import SESSIONS
from hexaccount.signing_keys.signing_keys import SIGNING_KEYS, SigningKeys
from hexaccount.store_kit.transaction import Batch
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_memory import MemoryRateLimitStore
from hexaccount_memory.retention import MemoryRetentionStore
from tests.conformance.planted.bugs import found_by, plant_expiry


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


@found_by("RateLimitStore", "test_attempts_of_a_clock_that_was_fast_refuse_others_for_one_interval_at_most")
def moments_of_fast_clocks_are_awaited(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(RateLimit, "cut", lambda self, state, now: state)


@found_by("RateLimitStore", "test_what_has_drained_since_an_attempt_is_not_refunded")
def a_whole_attempt_is_refunded_however_late(patch: pytest.MonkeyPatch) -> None:
    refund = RateLimit.refund
    patch.setattr(RateLimit, "refund", lambda self, state, elapsed: refund(self, state, timedelta()))


@found_by("IdempotencyRecords", "test_the_first_result_stays_and_a_different_request_keeps_its_key")
def a_later_result_replaces_the_first(patch: pytest.MonkeyPatch) -> None:
    def complete(self: IdempotencyRecords, request: IdempotencyRecord, user_id: UUID) -> None:
        store = self._records.add if self.find(request.key) is None else self._records.replace
        store(replace(request, user_id=user_id))

    patch.setattr(IdempotencyRecords, "complete", complete)


@found_by("IdempotencyRecords", "test_a_claim_survives_the_rollback_of_its_unit_of_work")
def a_commit_within_another_unit_of_work_waits_for_that(patch: pytest.MonkeyPatch) -> None:
    enter, leave, commit = StoreUnitOfWork.__enter__, StoreUnitOfWork.__exit__, StoreUnitOfWork.commit
    entered: list[StoreUnitOfWork] = []
    waiting: list[Batch] = []

    def enter_within(self: StoreUnitOfWork) -> StoreUnitOfWork:
        entered.append(self)
        return enter(self)

    def commit_outermost(self: StoreUnitOfWork) -> None:
        if self is entered[0]:
            for batch in waiting:
                self._transaction.write(batch)
            commit(self)
        else:
            waiting.append(Batch([change for each in self._identity_map if (change := each.change())], [], []))

    def leave_within(self: StoreUnitOfWork, *error: Any) -> None:
        entered.remove(self)
        leave(self, *error)

    patch.setattr(StoreUnitOfWork, "__enter__", enter_within)
    patch.setattr(StoreUnitOfWork, "commit", commit_outermost)
    patch.setattr(StoreUnitOfWork, "__exit__", leave_within)


@found_by("SigningKeys", "test_a_key_is_retired_once")
def a_retired_key_can_be_retired_again(patch: pytest.MonkeyPatch) -> None:
    def retire(self: SigningKeys, kid: str, at: datetime) -> bool:
        with self.unit_of_work() as uow:
            keys = uow.records(SIGNING_KEYS)
            key = keys.get(kid)
            assert key
            keys.replace(replace(key, retired_at=at))
            uow.commit()
        return True

    patch.setattr(SigningKeys, "retire", retire)


@found_by("RetentionStore", "test_sessions_that_were_closed_or_expired_before_the_cutoff_are_removed")
def retention_removes_live_sessions(patch: pytest.MonkeyPatch) -> None:
    def since_opening(expiry: Expiry) -> Expiry:
        return replace(expiry, ends=("opened_at",)) if expiry.record_type is SESSIONS else expiry

    plant_expiry(patch, since_opening)


@found_by("RetentionStore", "test_sessions_that_were_closed_or_expired_before_the_cutoff_are_removed")
def retention_knows_one_end_of_a_session_only(patch: pytest.MonkeyPatch) -> None:
    plant_expiry(patch, lambda expiry: replace(expiry, ends=expiry.ends[:1]))


@found_by("RetentionStore", "test_a_spent_token_loses_its_salt_after_the_grace_and_is_removed_later")
def retention_removes_a_token_instead_of_its_salt(patch: pytest.MonkeyPatch) -> None:
    plant_expiry(patch, lambda expiry: replace(expiry, erases=None))


@found_by("RetentionStore", "test_a_call_removes_no_more_than_its_limit")
def retention_ignores_its_limit(patch: pytest.MonkeyPatch) -> None:
    def limitless(remove: Callable[..., int]) -> Callable[..., int]:
        return lambda *args, **more: remove(*args, **{**more, "limit": 10**6})

    for name in ("remove", "remove_handled"):
        patch.setattr(MemoryRetentionStore, name, limitless(getattr(MemoryRetentionStore, name)))


@found_by("RetentionStore", "test_the_journal_of_a_removed_session_stays")
def retention_removes_the_journal(patch: pytest.MonkeyPatch) -> None:
    remove = MemoryRetentionStore.remove

    def remove_with_journal(self: MemoryRetentionStore, expiry: Expiry, *, before: datetime, limit: int) -> int:
        sessions = self.tables.table(SESSIONS).rows
        stored = set(sessions)
        removed = remove(self, expiry, before=before, limit=limit)
        for key in stored - sessions.keys():
            del self.tables.journal["session", key]
        return removed

    patch.setattr(MemoryRetentionStore, "remove", remove_with_journal)


@found_by("RetentionStore", "test_an_inbox_entry_stays_while_its_event_is_pending_for_that_subscriber")
def retention_removes_inbox_entries_of_pending_events(patch: pytest.MonkeyPatch) -> None:
    def remove_handled(self: MemoryRetentionStore, *, before: datetime, limit: int) -> int:
        first_kept = first_id_at(before)
        expired = [entry for entry in self.tables.inbox if entry[1] < first_kept][:limit]
        self.tables.inbox.difference_update(expired)
        return len(expired)

    patch.setattr(MemoryRetentionStore, "remove_handled", remove_handled)
