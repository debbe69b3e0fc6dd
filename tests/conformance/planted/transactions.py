"""Bugs in transactions."""

from time import sleep
from typing import Any

import pytest

from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount_memory import tables
from hexaccount_memory.unit_of_work import MemoryUnitOfWork
from tests.conformance.planted.bugs import found_by, ignoring


@found_by("Rollback", "test_leaving_without_a_commit_stores_nothing")
def leaving_the_block_commits(patch: pytest.MonkeyPatch) -> None:
    def leave(self: MemoryUnitOfWork, *error: object) -> None:
        self.commit()
        self._identity_map.clear()

    patch.setattr(MemoryUnitOfWork, "__exit__", leave)


@found_by("Rollback", "test_an_exception_stores_nothing_and_propagates")
def exceptions_are_swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "__exit__", lambda self, *error: True)


@found_by("Rollback", "test_a_refused_address_rolls_back_everything")
def the_journal_is_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    check = MemoryUnitOfWork._check

    def write_journal_first(self: MemoryUnitOfWork, change: Any, earlier: Any) -> None:
        check(self, change, earlier)
        self._tables.journal[change.aggregate.kind, change.aggregate.id].extend(change.entries)
        change.entries.clear()

    patch.setattr(MemoryUnitOfWork, "_check", write_journal_first)


@found_by("Rollback", "test_a_refused_name_rolls_back_everything")
def the_inbox_is_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    check = MemoryUnitOfWork._check_inbox

    def write_inbox_first(self: MemoryUnitOfWork) -> None:
        check(self)
        self._tables.inbox.update(self._identity_map.pending_writes.handled)

    patch.setattr(MemoryUnitOfWork, "_check_inbox", write_inbox_first)


@found_by("StaleVersion", "test_the_second_of_two_changes_to_one_profile_is_stale")
def the_version_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, StaleVersion))


@found_by("StaleVersion", "test_one_of_16_units_of_work_on_one_version_wins")
def the_version_is_compared_before_the_lock_is_held(patch: pytest.MonkeyPatch) -> None:
    class NoLock:
        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...

    write = MemoryUnitOfWork._write

    def slowly(self: MemoryUnitOfWork, changes: Any) -> None:
        sleep(0.001)  # as long as a write to disk takes
        write(self, changes)

    patch.setattr(MemoryUnitOfWork, "_write", slowly)
    init = tables.Tables.__init__

    def without_lock(self: tables.Tables, *given: Any, **more: Any) -> None:
        init(self, *given, **more)
        self.lock = NoLock()  # type: ignore[assignment]  # the planted bug

    patch.setattr(tables.Tables, "__init__", without_lock)
