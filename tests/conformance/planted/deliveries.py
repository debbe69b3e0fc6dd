"""Bugs in what is owed to subscribers."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from time import sleep
from typing import Any
from uuid import uuid4

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Backlog, Delivery
from hexaccount_memory import outbox, tables
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.subscriptions import MemorySubscriptions
from hexaccount_memory.unit_of_work import MemoryUnitOfWork
from tests.conformance.planted.bugs import found_by


@found_by("Claims", "test_nothing_is_claimed_twice_during_a_lease")
def leases_are_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_is_due", lambda pending, now: pending.due_at is None or pending.due_at <= now)


@found_by("Claims", "test_later_events_wait_while_an_earlier_one_is_postponed")
def later_events_overtake_a_postponed_one(patch: pytest.MonkeyPatch) -> None:
    def claim(self: MemoryOutbox, subscriber: str, *, limit: int, now: datetime, lease: timedelta) -> list[Delivery]:
        token = uuid4()
        waiting = [pending for pair in self.tables.pending[subscriber].values() for pending in pair]
        due = [pending for pending in waiting if not pending.dead_letters and outbox._is_due(pending, now)][:limit]
        for pending in due:
            pending.lease, pending.leased_until = token, now + lease
        return [
            Delivery(subscriber=subscriber, entry=pending.entry, attempts=pending.attempts, lease=token)
            for pending in due
        ]

    patch.setattr(MemoryOutbox, "claim", claim)


@found_by("DeliveryEnds", "test_what_is_settled_is_owed_no_more")
def settling_one_event_loses_the_others_of_its_aggregate(patch: pytest.MonkeyPatch) -> None:
    def acknowledge(self: MemoryOutbox, deliveries: Collection[Delivery]) -> None:
        for each in deliveries:
            self.tables.pending[each.subscriber].pop((each.entry.aggregate, each.entry.aggregate_id), None)

    patch.setattr(MemoryOutbox, "settle", acknowledge)


@found_by("DeliveryEnds", "test_settling_is_for_one_subscriber")
def settling_is_for_all_subscribers(patch: pytest.MonkeyPatch) -> None:
    acknowledge = MemoryOutbox.acknowledge

    def for_all(self: MemoryOutbox, deliveries: Collection[Delivery]) -> None:
        for subscriber in list(self.tables.pending):
            if subscriber != "contract-audit":
                acknowledge(self, [replace(each, subscriber=subscriber) for each in deliveries])

    patch.setattr(MemoryOutbox, "settle", for_all)


@found_by("DeliveryEnds", "test_who_lost_the_lease_cannot_postpone")
def who_lost_the_lease_may_end_the_claim(patch: pytest.MonkeyPatch) -> None:
    def held(self: MemoryOutbox, delivery: Delivery) -> list[Any]:
        return [pending for pending in self._waiting(delivery) if pending.entry.id == delivery.entry.id]

    patch.setattr(MemoryOutbox, "_held", held)


@found_by("DeliveryEnds", "test_a_postponed_delivery_counts_a_failure")
def failures_are_not_counted(patch: pytest.MonkeyPatch) -> None:
    def retry_later(self: MemoryOutbox, delivery: Delivery, *, until: datetime, error: str) -> None:
        for pending in self._held(delivery):
            pending.due_at, pending.error, pending.lease, pending.leased_until = until, error, None, None

    patch.setattr(MemoryOutbox, "postpone", retry_later)


@found_by("DeadLetter", "test_a_retry_leaves_claims_and_counted_failures_to_what_is_not_set_aside")
def a_retry_takes_claims_away(patch: pytest.MonkeyPatch) -> None:
    retry = MemoryOutbox.retry

    def retry_all(self: MemoryOutbox, **chosen: Any) -> int:
        for _, pending in self._all():
            pending.lease, pending.leased_until, pending.attempts = None, None, 0
        return retry(self, **chosen)

    patch.setattr(MemoryOutbox, "retry", retry_all)


@found_by("Backlog", "test_what_was_given_up_is_counted_by_itself")
def what_was_given_up_counts_as_owed(patch: pytest.MonkeyPatch) -> None:
    def backlog(self: MemoryOutbox, subscriber: str, *, limit: int) -> Backlog:
        ids = [pending.entry.id for pair in self.tables.pending[subscriber].values() for pending in pair]
        return Backlog(pending=min(len(ids), limit), dead_letters=0, oldest=min(ids, default=None))

    patch.setattr(MemoryOutbox, "backlog", backlog)


@found_by("Backlog", "test_what_is_owed_is_counted_claimed_or_not_and_the_oldest_is_told")
def what_is_claimed_counts_as_delivered(patch: pytest.MonkeyPatch) -> None:
    def backlog(self: MemoryOutbox, subscriber: str, *, limit: int) -> Backlog:
        free = [
            pending for pair in self.tables.pending[subscriber].values() for pending in pair if pending.lease is None
        ]
        ids = [pending.entry.id for pending in free if not pending.dead_letters]
        return Backlog(pending=len(ids), dead_letters=len(free) - len(ids), oldest=min(ids, default=None))

    patch.setattr(MemoryOutbox, "backlog", backlog)


@found_by("Enrolment", "test_a_type_and_the_sign_for_all_owe_an_event_once")
def an_event_is_owed_once_for_each_reason(patch: pytest.MonkeyPatch) -> None:
    def enqueue(self: MemoryUnitOfWork, change: Any) -> None:
        for subscriber, types in self._tables.subscriptions.items():
            pending = [
                tables.OwedDelivery(entry=entry)
                for entry in change.entries
                for reason in types
                if reason in (entry.type, "*")
            ]
            if pending:
                pair = (change.aggregate.kind, change.aggregate.id)
                self._tables.pending[subscriber].setdefault(pair, []).extend(pending)

    patch.setattr(MemoryUnitOfWork, "_owe", enqueue)


@found_by("CommitSignal", "test_who_is_woken_by_a_commit_finds_its_events")
def a_commit_is_told_of_too_early(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit

    def told_first(self: MemoryUnitOfWork) -> None:
        self._commits.give()
        sleep(0.005)  # as long as a disk takes
        commit(self)

    patch.setattr(MemoryUnitOfWork, "commit", told_first)


@found_by("CommitSignal", "test_what_stores_no_event_is_not_told_of")
def commits_without_events_are_told_of(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit

    def always_told(self: MemoryUnitOfWork) -> None:
        commit(self)
        self._commits.give()

    patch.setattr(MemoryUnitOfWork, "commit", always_told)


@found_by("OwingAgain", "test_who_claims_meanwhile_sees_all_of_a_step_or_nothing")
def events_are_owed_again_one_by_one(patch: pytest.MonkeyPatch) -> None:
    enqueue = MemoryOutbox.enqueue

    def one_by_one(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            enqueue(self, subscriber, [entry])
            sleep(0.0001)  # as long as a disk takes

    patch.setattr(MemoryOutbox, "owe", one_by_one)


@found_by("OwingAgain", "test_later_events_wait_for_those_owed_again")
def what_is_owed_again_stands_behind_what_is_owed(patch: pytest.MonkeyPatch) -> None:
    def enqueue(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            waiting = self.tables.pending[subscriber].setdefault((entry.aggregate, entry.aggregate_id), [])
            waiting.append(tables.OwedDelivery(entry=entry))

    patch.setattr(MemoryOutbox, "owe", enqueue)


@found_by("OwingAgain", "test_what_is_owed_already_is_not_owed_twice")
def what_is_owed_is_owed_twice(patch: pytest.MonkeyPatch) -> None:
    def enqueue(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            waiting = self.tables.pending[subscriber].setdefault((entry.aggregate, entry.aggregate_id), [])
            waiting.append(tables.OwedDelivery(entry=entry))
            waiting.sort(key=lambda pending: pending.entry.sequence)

    patch.setattr(MemoryOutbox, "owe", enqueue)


@found_by("OwingAgain", "test_what_was_given_up_is_owed_again_with_no_failure_counted")
def what_was_given_up_stays_so_in_a_replay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(outbox, "_owe_again", lambda pending: None)


@found_by("OwingAgain", "test_claims_and_counted_failures_stay_as_they_are")
def a_replay_takes_claims_away(patch: pytest.MonkeyPatch) -> None:
    enqueue = MemoryOutbox.enqueue

    def anew(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            self.tables.pending[subscriber].pop((entry.aggregate, entry.aggregate_id), None)
        enqueue(self, subscriber, entries)

    patch.setattr(MemoryOutbox, "owe", anew)


@found_by("Subscriptions", "test_who_is_cancelled_is_owed_nothing_and_nobody_else_is_touched")
def who_is_cancelled_stays_enrolled(patch: pytest.MonkeyPatch) -> None:
    cancel = MemorySubscriptions.cancel

    def of_what_is_owed(self: MemorySubscriptions, subscriber: str, *, limit: int) -> int:
        types = self.tables.subscriptions.get(subscriber, frozenset())
        struck_off = cancel(self, subscriber, limit=limit)
        self.tables.subscriptions[subscriber] = types
        return struck_off

    patch.setattr(MemorySubscriptions, "cancel", of_what_is_owed)


@found_by("Subscriptions", "test_who_is_cancelled_is_owed_nothing_and_nobody_else_is_touched")
def what_was_given_up_is_not_struck_off(patch: pytest.MonkeyPatch) -> None:
    cancel = MemorySubscriptions.cancel

    def but_what_was_given_up(self: MemorySubscriptions, subscriber: str, *, limit: int) -> int:
        waiting = [pending for pair in self.tables.pending[subscriber].values() for pending in pair]
        return 0 if any(pending.dead_letters for pending in waiting) else cancel(self, subscriber, limit=limit)

    patch.setattr(MemorySubscriptions, "cancel", but_what_was_given_up)
