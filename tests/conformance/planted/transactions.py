"""Bugs in transactions."""

from collections.abc import Callable

import pytest

from hexaccount.accounts.users import USERS
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.rules import broken_rule
from hexaccount.store_kit.transaction import Batch, BrokenRule, Transaction
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import check_without_lock, found_by, ignore


@found_by("Rollback", "test_leaving_without_a_commit_stores_nothing")
def leaving_the_block_commits(patch: pytest.MonkeyPatch) -> None:
    def leave(self: StoreUnitOfWork, *error: object) -> None:
        self.commit()
        self._identity_map.clear()

    patch.setattr(StoreUnitOfWork, "__exit__", leave)


@found_by("Rollback", "test_an_exception_stores_nothing_and_propagates")
def exceptions_are_swallowed(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(StoreUnitOfWork, "__exit__", lambda self, *error: True)


def plant_after_refusal(patch: pytest.MonkeyPatch, keep: Callable[[MemoryTransaction, Batch], None]) -> None:
    """Have the store keep a part of each commit that it refuses."""
    write = MemoryTransaction.write

    def write_in_part(self: MemoryTransaction, batch: Batch) -> bool:
        try:
            return write(self, batch)
        except BrokenRule:
            keep(self, batch)
            raise

    patch.setattr(MemoryTransaction, "write", write_in_part)


@found_by("Rollback", "test_a_refused_address_rolls_back_everything")
def the_journal_is_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    def keep_journal(self: MemoryTransaction, batch: Batch) -> None:
        for entry in batch.entries:
            self.tables.journal[entry.aggregate, entry.aggregate_id].append(entry)

    plant_after_refusal(patch, keep_journal)


@found_by("Rollback", "test_a_refused_name_rolls_back_everything")
def the_inbox_is_outside_the_transaction(patch: pytest.MonkeyPatch) -> None:
    plant_after_refusal(patch, lambda self, batch: self.tables.inbox.update(batch.handled))


@found_by("StaleVersion", "test_the_second_of_two_changes_to_one_profile_is_stale")
def the_version_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    ignore(patch, StaleVersion)


@found_by("PasswordHash", "test_a_replacement_makes_a_concurrent_change_stale")
def the_version_is_compared_and_not_the_revision(patch: pytest.MonkeyPatch) -> None:
    version = USERS.position("version")

    def lenient(batch: Batch, transaction: Transaction) -> Exception | None:
        error = broken_rule(batch, transaction)
        for change in batch.changes if isinstance(error, StaleVersion) else ():
            if change.record_type is USERS and change.values is not None:
                (stored,) = transaction.rows(USERS, "id", [change.key])
                events = sum(entry.aggregate_id == change.key for entry in batch.entries)
                if change.values[version] == stored.values[version] + events:
                    return None
        return error

    patch.setattr(memory_transaction, "broken_rule", lenient)


@found_by("StaleVersion", "test_one_of_16_units_of_work_on_one_version_wins")
def the_version_is_compared_before_the_lock_is_held(patch: pytest.MonkeyPatch) -> None:
    check_without_lock(patch)
