"""Bugs in the outbox, the dead letters and the subscriptions."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import chain, takewhile
from time import sleep
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import NEVER, Backlog, ClaimedBatch, Delivery, JournalKey
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_memory import outbox
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.subscriptions import MemorySubscriptions
from hexaccount_memory.tables import StoredDelivery, Tables
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import found_by

DISK_SECONDS = 0.005
"""A delay as long as a write to disk takes."""


def deliveries_of(tables: Tables, subscriber: str) -> list[StoredDelivery]:
    return list(chain.from_iterable(tables.deliveries[subscriber].values()))


@found_by("Claims", "test_nothing_is_claimed_twice_during_a_lease")
def leases_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_is_due", lambda stored, now, latest: stored.due_at is None or stored.due_at <= now)


@found_by("Claims", "test_an_end_that_a_wrong_clock_has_stored_holds_up_nothing")
def ends_of_leases_of_wrong_clocks_are_awaited(patch: pytest.MonkeyPatch) -> None:
    is_due = outbox._is_due
    patch.setattr(outbox, "_is_due", lambda stored, now, latest: is_due(stored, now, NEVER))


@found_by("Claims", "test_later_events_wait_while_an_earlier_one_is_retried_later")
def later_events_overtake_a_retried_one(patch: pytest.MonkeyPatch) -> None:
    def claim(
        self: MemoryOutbox,
        subscriber: str,
        *,
        limit: int,
        now: datetime,
        lease: timedelta,
        latest: datetime = NEVER,
        after: UUID | None = None,
    ) -> ClaimedBatch:
        token = uuid4()
        waiting = deliveries_of(self.tables, subscriber)
        due = [stored for stored in waiting if not stored.dead_letter and outbox._is_due(stored, now, latest)][:limit]
        for stored in due:
            stored.lease, stored.leased_until = token, now + lease
        return ClaimedBatch([Delivery(subscriber, stored.entry, stored.attempts, token) for stored in due], None)

    patch.setattr(MemoryOutbox, "claim", claim)


@found_by("DeliveryOutcomes", "test_an_acknowledged_delivery_is_no_longer_pending")
def an_acknowledgement_loses_later_events_of_the_aggregate(patch: pytest.MonkeyPatch) -> None:
    def acknowledge(self: MemoryOutbox, deliveries: Collection[Delivery]) -> None:
        for each in deliveries:
            self.tables.deliveries[each.subscriber].pop((each.entry.aggregate, each.entry.aggregate_id), None)

    patch.setattr(MemoryOutbox, "acknowledge", acknowledge)


@found_by("DeliveryOutcomes", "test_an_acknowledgement_is_for_one_subscriber")
def an_acknowledgement_is_for_all_subscribers(patch: pytest.MonkeyPatch) -> None:
    acknowledge = MemoryOutbox.acknowledge

    def acknowledge_for_all(self: MemoryOutbox, deliveries: Collection[Delivery]) -> None:
        for subscriber in list(self.tables.deliveries):
            if subscriber != "contract-audit":
                acknowledge(self, [replace(each, subscriber=subscriber) for each in deliveries])

    patch.setattr(MemoryOutbox, "acknowledge", acknowledge_for_all)


@found_by("DeliveryOutcomes", "test_a_consumer_that_lost_its_lease_cannot_retry_later")
def the_lease_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    def held(self: MemoryOutbox, delivery: Delivery) -> list[StoredDelivery]:
        return [stored for stored in self._waiting(delivery) if stored.entry.id == delivery.entry.id]

    patch.setattr(MemoryOutbox, "_held", held)


@found_by("DeliveryOutcomes", "test_retry_later_counts_a_failure")
def failures_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    def retry_later(self: MemoryOutbox, delivery: Delivery, *, until: datetime, error: str) -> None:
        for stored in self._held(delivery):
            stored.due_at, stored.error, stored.lease, stored.leased_until = until, error, None, None

    patch.setattr(MemoryOutbox, "retry_later", retry_later)


@found_by("DeadLetters", "test_a_retry_keeps_the_claims_and_failure_counts_of_pending_deliveries")
def a_retry_removes_claims(patch: pytest.MonkeyPatch) -> None:
    retry = MemoryOutbox.retry

    def retry_all(self: MemoryOutbox, **selected: Any) -> int:
        for subscriber in list(self.tables.deliveries):
            for stored in deliveries_of(self.tables, subscriber):
                stored.lease, stored.leased_until, stored.attempts = None, None, 0
        return retry(self, **selected)

    patch.setattr(MemoryOutbox, "retry", retry_all)


@found_by("Backlog", "test_dead_letters_are_counted_separately")
def dead_letters_count_as_pending(patch: pytest.MonkeyPatch) -> None:
    def backlog(self: MemoryOutbox, subscriber: str, *, limit: int) -> Backlog:
        ids = [stored.entry.id for stored in deliveries_of(self.tables, subscriber)]
        return Backlog(pending=min(len(ids), limit), dead_letters=0, oldest=min(ids, default=None))

    patch.setattr(MemoryOutbox, "backlog", backlog)


@found_by("Backlog", "test_the_backlog_counts_claimed_and_unclaimed_deliveries_and_names_the_oldest")
def claimed_deliveries_are_missing_in_the_backlog(patch: pytest.MonkeyPatch) -> None:
    def backlog(self: MemoryOutbox, subscriber: str, *, limit: int) -> Backlog:
        unclaimed = [stored for stored in deliveries_of(self.tables, subscriber) if stored.lease is None]
        ids = [stored.entry.id for stored in unclaimed if not stored.dead_letter]
        return Backlog(pending=len(ids), dead_letters=len(unclaimed) - len(ids), oldest=min(ids, default=None))

    patch.setattr(MemoryOutbox, "backlog", backlog)


@found_by("Subscriptions", "test_a_type_and_the_wildcard_deliver_an_event_once")
def an_event_is_enqueued_once_per_matching_type(patch: pytest.MonkeyPatch) -> None:
    def append(self: MemoryTransaction, key: tuple[str, UUID], entries: Sequence[JournalEntry]) -> None:
        self.tables.journal[key].extend(entries)
        for subscriber, types in self.tables.subscriptions.items():
            pending = [
                StoredDelivery(entry=entry)
                for entry in entries
                for subscribed in types
                if subscribed in (entry.type, "*")
            ]
            if pending:
                self.tables.deliveries[subscriber].setdefault(key, []).extend(pending)

    patch.setattr(MemoryTransaction, "_append", append)


@found_by("CommitSignal", "test_a_thread_woken_by_a_commit_finds_its_events")
def commits_are_signalled_too_early(patch: pytest.MonkeyPatch) -> None:
    commit = StoreUnitOfWork.commit

    def signal_first(self: StoreUnitOfWork) -> None:
        self._commits.give()
        sleep(DISK_SECONDS)
        commit(self)

    patch.setattr(StoreUnitOfWork, "commit", signal_first)


@found_by("CommitSignal", "test_a_commit_without_events_is_not_signalled")
def commits_without_events_are_signalled(patch: pytest.MonkeyPatch) -> None:
    commit = StoreUnitOfWork.commit

    def always_signal(self: StoreUnitOfWork) -> None:
        commit(self)
        self._commits.give()

    patch.setattr(StoreUnitOfWork, "commit", always_signal)


@found_by("Enqueueing", "test_a_concurrent_claim_sees_all_of_a_step_or_nothing")
def events_are_enqueued_one_by_one(patch: pytest.MonkeyPatch) -> None:
    enqueue = MemoryOutbox.enqueue

    def one_by_one(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            enqueue(self, subscriber, [entry])
            sleep(DISK_SECONDS / 50)

    patch.setattr(MemoryOutbox, "enqueue", one_by_one)


def plant_enqueue(patch: pytest.MonkeyPatch, *, in_order: bool) -> None:
    """Replace `enqueue` by one that does not check for pending deliveries of the same event."""

    def enqueue(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            waiting = self.tables.deliveries[subscriber].setdefault((entry.aggregate, entry.aggregate_id), [])
            waiting.append(StoredDelivery(entry=entry))
            if in_order:
                waiting.sort(key=lambda stored: stored.entry.sequence)

    patch.setattr(MemoryOutbox, "enqueue", enqueue)


@found_by("Enqueueing", "test_later_events_wait_for_the_enqueued_events")
def replayed_events_come_after_pending_ones(patch: pytest.MonkeyPatch) -> None:
    plant_enqueue(patch, in_order=False)


@found_by("Enqueueing", "test_a_pending_event_is_not_enqueued_twice")
def a_pending_event_is_enqueued_twice(patch: pytest.MonkeyPatch) -> None:
    plant_enqueue(patch, in_order=True)


@found_by("Enqueueing", "test_a_dead_letter_is_enqueued_again_without_failures")
def a_replay_skips_dead_letters(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_revive", lambda stored: None)


@found_by("Enqueueing", "test_enqueueing_keeps_claims_and_failure_counts")
def a_replay_removes_claims(patch: pytest.MonkeyPatch) -> None:
    enqueue = MemoryOutbox.enqueue

    def enqueue_anew(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            self.tables.deliveries[subscriber].pop((entry.aggregate, entry.aggregate_id), None)
        enqueue(self, subscriber, entries)

    patch.setattr(MemoryOutbox, "enqueue", enqueue_anew)


@found_by("Subscriptions", "test_unsubscribing_removes_the_deliveries_of_that_subscriber_only")
def unsubscribing_keeps_the_subscription(patch: pytest.MonkeyPatch) -> None:
    unsubscribe = MemorySubscriptions.unsubscribe

    def deliveries_only(self: MemorySubscriptions, subscriber: str, *, limit: int) -> int:
        types = self.tables.subscriptions.get(subscriber, frozenset())
        removed = unsubscribe(self, subscriber, limit=limit)
        self.tables.subscriptions[subscriber] = types
        return removed

    patch.setattr(MemorySubscriptions, "unsubscribe", deliveries_only)


@found_by("Subscriptions", "test_unsubscribing_removes_the_deliveries_of_that_subscriber_only")
def unsubscribing_keeps_dead_letters(patch: pytest.MonkeyPatch) -> None:
    unsubscribe = MemorySubscriptions.unsubscribe

    def without_dead_letters(self: MemorySubscriptions, subscriber: str, *, limit: int) -> int:
        waiting = deliveries_of(self.tables, subscriber)
        return 0 if any(stored.dead_letter for stored in waiting) else unsubscribe(self, subscriber, limit=limit)

    patch.setattr(MemorySubscriptions, "unsubscribe", without_dead_letters)


@found_by("FairClaims", "test_an_aggregate_that_keeps_getting_events_does_not_starve_others")
def the_first_aggregate_is_always_served_first(patch: pytest.MonkeyPatch) -> None:
    claimable = outbox._claimable

    def by_id(aggregates: Mapping[JournalKey, Sequence[StoredDelivery]], *times: datetime) -> Iterator[StoredDelivery]:
        return claimable({key: aggregates[key] for key in sorted(aggregates, key=str)}, *times)

    patch.setattr(outbox, "_claimable", by_id)


@found_by("FairClaims", "test_a_backlog_that_one_consumer_works_on_leaves_the_rest_to_others")
def the_lease_of_one_aggregate_ends_the_search(patch: pytest.MonkeyPatch) -> None:
    def until_one_is_leased(
        aggregates: Mapping[JournalKey, Sequence[StoredDelivery]], *times: datetime
    ) -> Iterator[StoredDelivery]:
        oldest_first = sorted(chain.from_iterable(aggregates.values()), key=lambda stored: stored.entry.id)
        pending = (stored for stored in oldest_first if not stored.dead_letter)
        return takewhile(lambda stored: outbox._is_due(stored, *times), pending)

    patch.setattr(outbox, "_claimable", until_one_is_leased)


@found_by("FairClaims", "test_consumers_share_a_backlog_of_many_aggregates")
def a_claim_leases_all_that_is_due(patch: pytest.MonkeyPatch) -> None:
    claim = MemoryOutbox.claim

    def claim_all(self: MemoryOutbox, subscriber: str, *, limit: int, **more: Any) -> ClaimedBatch:
        return ClaimedBatch(claim(self, subscriber, limit=10**6, **more).deliveries[:limit], None)

    patch.setattr(MemoryOutbox, "claim", claim_all)


@found_by("FairClaims", "test_the_backlog_of_one_subscriber_does_not_hold_up_another")
def a_claim_reads_the_oldest_deliveries_of_all_subscribers(patch: pytest.MonkeyPatch) -> None:
    claim = MemoryOutbox.claim

    def among_the_oldest(self: MemoryOutbox, subscriber: str, *, limit: int, **more: Any) -> ClaimedBatch:
        oldest = sorted(
            (stored.entry.id for name in self.tables.deliveries for stored in deliveries_of(self.tables, name)),
        )[: 4 * limit]
        found = claim(self, subscriber, limit=limit, **more).deliveries
        return ClaimedBatch([each for each in found if each.entry.id in oldest], None)

    patch.setattr(MemoryOutbox, "claim", among_the_oldest)


@found_by("Holds", "test_an_exception_gives_everything_back_and_counts_no_failure")
def a_hold_acknowledges_at_once(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def hold(self: MemoryOutbox, subscriber: str, *, longest: timedelta, **more: Any) -> Iterator[ClaimedBatch]:
        batch = self.claim(subscriber, lease=longest, **more)
        self.acknowledge(batch.deliveries)
        yield batch

    patch.setattr(MemoryOutbox, "hold", hold)


@found_by("Holds", "test_the_end_of_a_hold_acknowledges")
def the_end_of_a_hold_gives_everything_back(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def hold(self: MemoryOutbox, subscriber: str, *, longest: timedelta, **more: Any) -> Iterator[ClaimedBatch]:
        batch = self.claim(subscriber, lease=longest, **more)
        try:
            yield batch
        finally:
            self.release(batch.deliveries)

    patch.setattr(MemoryOutbox, "hold", hold)


@found_by("Holds", "test_what_is_held_is_pending_and_nobody_else_gets_it")
def a_hold_locks_nothing(patch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def hold(self: MemoryOutbox, subscriber: str, *, longest: timedelta, **more: Any) -> Iterator[ClaimedBatch]:
        batch = self.claim(subscriber, lease=longest, **more)
        self.release(batch.deliveries)
        yield batch
        self.acknowledge(batch.deliveries)

    patch.setattr(MemoryOutbox, "hold", hold)


@found_by("Holds", "test_a_claim_after_an_end_finds_what_follows")
def a_full_batch_has_no_end(patch: pytest.MonkeyPatch) -> None:
    claim = MemoryOutbox.claim
    patch.setattr(MemoryOutbox, "claim", lambda *args, **more: claim(*args, **more)._replace(end=None))


@found_by("Holds", "test_following_the_ends_finds_all_that_is_due_behind_what_is_not")
def the_last_of_a_full_batch_is_passed(patch: pytest.MonkeyPatch) -> None:
    claim = MemoryOutbox.claim

    def without_the_last(self: MemoryOutbox, subscriber: str, **more: Any) -> ClaimedBatch:
        found = claim(self, subscriber, **more)
        if found.end is not None:
            self.acknowledge(found.deliveries[-1:])
            return found._replace(deliveries=found.deliveries[:-1])
        return found

    patch.setattr(MemoryOutbox, "claim", without_the_last)
