from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial
from uuid import UUID

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import (
    NOW,
    SUBSCRIBER,
    claim,
    dead_letter_all,
    sequences,
    user_with_events,
)
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.events.ports import ClaimedBatch
from hexaccount.store_kit.store import Store

LONGEST = timedelta(seconds=20)


class HoldsContract(ContractSuite):
    """A hold keeps deliveries from others; its end acknowledges them, and an exception gives them back."""

    @pytest.fixture(autouse=True)
    def _subscribe(self, store: Store) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])

    def test_the_end_of_a_hold_acknowledges(self, store: Store, other_store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 3)
        with hold(store, limit=2) as held:
            assert sequences(held.deliveries) == [1, 2]
        assert sequences(claim(other_store)) == [3]
        assert other_store.outbox.backlog(SUBSCRIBER, limit=9).pending == 1

    def test_an_exception_gives_everything_back_and_counts_no_failure(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 3)
        with pytest.raises(ZeroDivisionError), hold(store):
            raise ZeroDivisionError
        again = claim(other_store)
        assert sequences(again) == [1, 2, 3]
        assert {delivery.attempts for delivery in again} == {0}

    def test_what_is_held_is_pending_and_nobody_else_gets_it(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user_with_events(store, factory, 3)
        with hold(store, limit=2) as held:
            assert len(held.deliveries) == 2
            assert other_store.outbox.backlog(SUBSCRIBER, limit=9).pending == 3
            assert list(claim(other_store)) == [], "a later event was claimed while an earlier one is held"
            with hold(other_store) as nothing:
                assert list(nothing.deliveries) == []

    def test_what_is_leased_cannot_be_held(self, store: Store, other_store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 2)
        other = user_with_events(store, factory, 1)
        leased = claim(store, limit=1)
        with hold(other_store) as held:
            assert [delivery.entry.aggregate_id for delivery in held.deliveries] == [other.id]
        store.outbox.acknowledge(leased)
        assert sequences(claim(other_store)) == [2]

    def test_a_commit_during_a_hold_waits_for_nothing(self, store: Store, other_store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        with hold(store) as held:
            late = user_with_events(other_store, factory, 1)
        assert late.id not in {delivery.entry.aggregate_id for delivery in held.deliveries}
        assert [delivery.entry.aggregate_id for delivery in claim(store)] == [late.id]

    def test_subscribers_do_not_hold_up_each_other(self, store: Store, other_store: Store, factory: Factory) -> None:
        store.outbox.subscribe("another", ["*"])
        user_with_events(store, factory, 2)
        with hold(store) as held, hold(other_store, "another") as others:
            assert sequences(held.deliveries) == sequences(others.deliveries) == [1, 2]

    def test_a_hold_passes_dead_letters_and_retries_that_are_not_due(self, store: Store, factory: Factory) -> None:
        user_with_events(store, factory, 1)
        dead_letter_all(store, SUBSCRIBER)
        paused = user_with_events(store, factory, 2)
        (first, *rest) = claim(store)
        store.outbox.retry_later(first, until=NOW + LONGEST, error="not now")
        store.outbox.release(rest)
        due = user_with_events(store, factory, 1)
        with hold(store) as held:
            assert [delivery.entry.aggregate_id for delivery in held.deliveries] == [due.id]
        assert sequences(claim(store, now=NOW + LONGEST), paused.id) == [1, 2]

    def test_racing_holds_deliver_each_event_once_and_in_order(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        users = [user_with_events(store, factory, 5).id for _ in range(6)]
        delivered: dict[UUID, list[int]] = {user: [] for user in users}

        def deliver(handle: Store) -> None:
            with hold(handle, limit=4) as held:
                for delivery in held.deliveries:
                    delivered[delivery.entry.aggregate_id].append(delivery.entry.sequence)

        with RacingThreads(4) as threads:
            for _ in range(100):
                if not store.outbox.backlog(SUBSCRIBER, limit=1).pending:
                    break
                threads.race(partial(deliver, handle) for handle in (store, other_store) * 2)
        assert delivered == {user: [1, 2, 3, 4, 5] for user in users}

    def test_following_the_ends_finds_all_that_is_due_behind_what_is_not(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        """However many deliveries that may not be claimed come first."""
        user_with_events(store, factory, 12)
        leased = claim(other_store, limit=1)
        users = [user_with_events(store, factory, 1).id for _ in range(7)]
        found = [delivery.entry.aggregate_id for batch in all_batches(store, limit=3) for delivery in batch.deliveries]
        assert sorted(found) == sorted(users)
        other_store.outbox.release(leased)
        assert len(claim(store)) == 12, "a claim from the start does not find what was passed"

    def test_a_claim_after_an_end_finds_what_follows(self, store: Store, factory: Factory) -> None:
        users = [user_with_events(store, factory, 1).id for _ in range(5)]
        first = store.outbox.claim(SUBSCRIBER, limit=3, now=NOW, lease=LONGEST)
        assert first.end is not None, "a full batch has no end, though more is due"
        rest = store.outbox.claim(SUBSCRIBER, limit=3, now=NOW, lease=LONGEST, after=first.end)
        assert rest.end is None
        found = [delivery.entry.aggregate_id for batch in (first, rest) for delivery in batch.deliveries]
        assert sorted(found) == sorted(users)


def hold(store: Store, subscriber: str = SUBSCRIBER, *, limit: int = 100) -> AbstractContextManager[ClaimedBatch]:
    return store.outbox.hold(subscriber, limit=limit, now=NOW, longest=LONGEST)


def all_batches(store: Store, *, limit: int) -> Iterator[ClaimedBatch]:
    """Hold one batch after the other, until one has no end."""
    after: UUID | None = None
    while True:
        with store.outbox.hold(SUBSCRIBER, limit=limit, now=NOW, longest=LONGEST, after=after) as batch:
            yield batch
        after = batch.end
        if after is None:
            return
