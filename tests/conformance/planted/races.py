"""Bugs in what only those see who do something at the same time."""

from time import monotonic, sleep

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount_memory import tables
from hexaccount_memory.repositories import MemoryUsers
from hexaccount_memory.unit_of_work import MemoryUnitOfWork
from tests.conformance.planted.bugs import found_by


@found_by("RegistrationRaces", "test_every_history_of_colliding_registrations_has_an_order_that_explains_it")
def a_name_is_taken_by_who_is_refused_in_the_end(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit
    held: set[str] = set()

    def hold_first(self: MemoryUnitOfWork) -> None:
        changes = self._work.changes(self._recorder)
        added = [change.aggregate for change in changes if change.stored_version == 0]
        names = {user.name.key for user in added if isinstance(user, User)}
        with self._tables.lock:
            if names & held:
                raise UserNameTaken
            held.update(names)
        sleep(0.001)  # as long as a store elsewhere takes
        try:
            commit(self)
        finally:
            held.difference_update(names)

    patch.setattr(MemoryUnitOfWork, "commit", hold_first)


@found_by("AccountRaces", "test_every_history_of_one_account_has_an_order_that_explains_it")
def look_ups_by_name_are_answered_from_a_lagging_copy(patch: pytest.MonkeyPatch) -> None:
    find = MemoryUsers.find_by_name
    copies: dict[str, tuple[float, User | None]] = {}

    def find_of_late(self: MemoryUsers, key: str) -> User | None:
        copied_at, found = copies.get(key, (0.0, None))
        if monotonic() - copied_at > 0.05:
            found = find(self, key)
            copies[key] = monotonic(), found
        return found

    patch.setattr(MemoryUsers, "find_by_name", find_of_late)


@found_by("ProfileRaces", "test_every_history_of_one_profile_has_an_order_that_explains_it")
def a_change_is_seen_before_it_is_refused(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit

    def show_first(self: MemoryUnitOfWork) -> None:
        profiles = self._tables.profiles
        for change in self._work.changes(self._recorder):
            if isinstance(change.aggregate, Profile) and change.stored_version:
                before, shown = profiles[change.aggregate.id], tables.copy_of(change.aggregate)
                profiles[shown.id] = shown
                sleep(0.001)  # as long as a store elsewhere takes
                if profiles[shown.id] is shown:
                    profiles[shown.id] = before
        commit(self)

    patch.setattr(MemoryUnitOfWork, "commit", show_first)
