"""Bugs in uniqueness."""

from typing import Any

import pytest

from hexaccount.accounts.errors import EmailTaken, UserNameTaken
from hexaccount.accounts.user import User
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount_memory.repositories import MemoryUsers
from hexaccount_memory.unit_of_work import MemoryUnitOfWork
from tests.conformance.planted.bugs import found_by, ignoring


@found_by("Uniqueness", "test_a_user_name_is_unique_in_every_equivalent_spelling")
def user_names_are_not_unique(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, UserNameTaken))


@found_by("Uniqueness", "test_an_address_is_unique_in_every_equivalent_spelling")
def addresses_are_not_unique(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, EmailTaken))


@found_by("Uniqueness", "test_the_name_is_refused_first_when_both_are_taken_by_one_account")
def the_address_is_refused_first(patch: pytest.MonkeyPatch) -> None:
    check = MemoryUnitOfWork._check

    def address_first(self: MemoryUnitOfWork, change: Any, earlier: Any) -> None:
        user = change.aggregate
        if isinstance(user, User) and change.stored_version == 0 and user.email.key in self._tables.emails:
            raise EmailTaken
        check(self, change, earlier)

    patch.setattr(MemoryUnitOfWork, "_check", address_first)


@found_by("Repositories", "test_a_look_up_matches_the_key_exactly")
def look_ups_ignore_case_and_blanks(patch: pytest.MonkeyPatch) -> None:
    find = MemoryUsers.find_by_name
    patch.setattr(MemoryUsers, "find_by_name", lambda self, key: find(self, key.lower().strip()))


@found_by("RefreshToken", "test_a_token_read_before_a_rotation_cannot_be_rotated_after_it")
def a_refresh_token_may_have_two_successors(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check_tokens", lambda self: None)
    patch.setattr(MemoryUnitOfWork, "_check", ignoring(MemoryUnitOfWork._check, StaleVersion))


@found_by("Inbox", "test_an_event_is_handled_once_by_each_subscriber")
def the_inbox_is_not_checked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryUnitOfWork, "_check_inbox", lambda self: None)
