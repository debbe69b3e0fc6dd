"""Bugs in what makes deliveries due again: revival, enqueueing, and the end of a lease."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount_memory import outbox
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.tables import StoredDelivery
from tests.conformance.planted.bugs import found_by

WAKING = "test_threads_that_wait_for_commits_are_woken_by_what_makes_deliveries_due"


def silence(method: Callable[..., Any]) -> Callable[..., Any]:
    """Return a method of the outbox that gives no signal."""

    def silent(self: MemoryOutbox, *arguments: Any, **more: Any) -> Any:
        return method(MemoryOutbox(self.tables, CommitSignal()), *arguments, **more)

    return silent


@found_by("DeadLetters", WAKING)
def a_retry_wakes_no_relay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryOutbox, "retry", silence(MemoryOutbox.retry))


@found_by("DeadLetters", WAKING)
def a_dead_letter_wakes_no_relay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryOutbox, "dead_letter", silence(MemoryOutbox.dead_letter))


@found_by("DeadLetters", "test_a_revived_delivery_is_due_at_once_however_late_it_was_put")
def a_revived_delivery_keeps_its_delay(patch: pytest.MonkeyPatch) -> None:
    def revive(stored: StoredDelivery) -> None:
        stored.dead_letter, stored.attempts, stored.error = False, 0, ""

    patch.setattr(outbox, "_revive", revive)


@found_by("Enqueueing", "test_enqueueing_keeps_claims_and_failure_counts")
def enqueueing_gives_claims_back(patch: pytest.MonkeyPatch) -> None:
    enqueue = MemoryOutbox.enqueue

    def enqueue_freely(self: MemoryOutbox, subscriber: str, entries: Sequence[JournalEntry]) -> None:
        for stored in chain.from_iterable(self.tables.deliveries[subscriber].values()):
            if stored.entry.id in {entry.id for entry in entries}:
                stored.lease, stored.leased_until = None, None
        enqueue(self, subscriber, entries)

    patch.setattr(MemoryOutbox, "enqueue", enqueue_freely)


@found_by("Claims", "test_deliveries_can_be_claimed_again_after_the_lease")
def a_lease_holds_at_its_end(patch: pytest.MonkeyPatch) -> None:
    is_due = outbox._is_due
    patch.setattr(
        outbox, "_is_due", lambda stored, now, latest: is_due(stored, now, latest) and stored.leased_until != now
    )
