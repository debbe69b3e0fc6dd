"""Bugs in uniqueness."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.users import USERS
from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.records import LookUp, RecordType
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.rules import broken_rule
from hexaccount.store_kit.transaction import Batch, StoredRow, Transaction
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import found_by, ignore, plant_rules


@found_by("Uniqueness", "test_a_user_name_is_unique_in_every_equivalent_spelling")
def user_names_are_not_unique(patch: pytest.MonkeyPatch) -> None:
    ignore(patch, UserNameTaken)


@found_by("Uniqueness", "test_a_user_name_is_unique_in_every_equivalent_spelling")
def user_names_are_unique_by_exact_spelling(patch: pytest.MonkeyPatch) -> None:
    name = USERS.position("name")

    def lenient(batch: Batch, transaction: Transaction) -> Exception | None:
        error = broken_rule(batch, transaction)
        added = {each.values[name] for each in batch.changes if each.record_type is USERS and each.values}
        stored = {row.values[name] for row in transaction.page(USERS, LookUp(), {}, limit=None, after=None)}
        return None if isinstance(error, UserNameTaken) and not added & stored else error

    patch.setattr(memory_transaction, "broken_rule", lenient)


@found_by("Uniqueness", "test_an_address_is_unique_in_every_equivalent_spelling")
def addresses_are_not_unique(patch: pytest.MonkeyPatch) -> None:
    ignore(patch, EmailTaken)


@found_by("Uniqueness", "test_the_name_is_refused_first_when_both_are_taken_by_one_account")
def the_address_is_refused_first(patch: pytest.MonkeyPatch) -> None:
    def address_first(broken: Iterable[Exception]) -> Exception | None:
        errors = list(broken)
        return next((error for error in errors if isinstance(error, EmailTaken)), next(iter(errors), None))

    plant_rules(patch, address_first)


@found_by("Repositories", "test_a_look_up_matches_the_key_exactly")
def look_ups_ignore_case_and_blanks(patch: pytest.MonkeyPatch) -> None:
    rows = MemoryTransaction.rows

    def lenient_rows(
        self: MemoryTransaction, record_type: RecordType[Any], field: str, values: Collection[Any]
    ) -> Sequence[StoredRow]:
        by_name = record_type is USERS and field == "name_key"
        return rows(self, record_type, field, [value.lower().strip() for value in values] if by_name else values)

    patch.setattr(MemoryTransaction, "rows", lenient_rows)


@found_by("RefreshToken", "test_a_token_read_before_a_rotation_cannot_be_rotated_after_it")
def a_refresh_token_may_have_two_successors(patch: pytest.MonkeyPatch) -> None:
    ignore(patch, StaleVersion)


@found_by("Inbox", "test_an_event_is_handled_once_by_each_subscriber")
def the_inbox_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    ignore(patch, AlreadyHandled)
