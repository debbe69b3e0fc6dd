"""Bugs in commit hooks, in signals between handles, and in what the journal's tail reads."""

from copy import copy

import pytest

from hexaccount.conformance.suites import commit_watching
from hexaccount.events.journal_tail import JournalTail
from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.store_kit import unit_of_work
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory import MemoryStore
from hexaccount_sql import SqlStore
from tests.conformance.planted.bugs import PlantedStore, found_by


@found_by("CommitHooks", "test_the_hooks_name_an_account_before_and_after_it_changes")
def caches_are_never_invalidated(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(unit_of_work, "_run", lambda hooks, entries: None)


@found_by("CommitHooks", "test_the_hooks_name_an_account_before_and_after_it_changes")
def the_recorder_of_the_opener_is_not_used(patch: pytest.MonkeyPatch) -> None:
    another = PlantedStore.another
    patch.setattr(
        PlantedStore,
        "another",
        lambda self, recorder: another(self, EventRecorder(recorder.identifiers, recorder.source)),
    )


@found_by("Watch", "test_watching_signals_the_commits_of_other_handles_if_the_store_says_so")
def watching_hears_nothing_of_other_handles(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(commit_watching, "TIMEOUT_SECONDS", 0.2)
    another = PlantedStore.another

    def with_its_own_signal(self: PlantedStore, recorder: EventRecorder) -> MemoryStore:
        handle = copy(another(self, recorder))
        handle.commits = CommitSignal()
        return handle

    patch.setattr(PlantedStore, "another", with_its_own_signal)


@found_by("Processes", "test_watching_signals_the_commits_of_other_processes_if_the_store_says_so", on="sqlite")
def watching_hears_nothing_of_other_processes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(commit_watching, "TIMEOUT_SECONDS", 0.2)
    patch.setattr(SqlStore, "watch", lambda self: True)


@found_by("JournalTail", "test_an_event_held_up_before_its_commit_is_found_before_the_next_of_its_aggregate")
def the_tail_takes_ids_for_the_order_of_commits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(JournalTail, "_predecessors", lambda self, fresh, first: {})
