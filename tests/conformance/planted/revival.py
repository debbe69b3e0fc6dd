"""Bugs in what makes deliveries due again."""

from collections.abc import Callable
from typing import Any

import pytest

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
