"""Bugs that only concurrent operations reveal."""

from time import monotonic, sleep

import pytest

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount_memory import tables
from hexaccount_memory.repositories import MemoryUsers
from hexaccount_memory.unit_of_work import MemoryUnitOfWork
from tests.conformance.planted.bugs import found_by


@found_by("RegistrationRaces", "test_concurrent_registrations_are_linearizable")
def a_refused_registration_blocks_its_name(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit
    reserved: set[str] = set()

    def reserve_first(self: MemoryUnitOfWork) -> None:
        changes = self._identity_map.changes(self._recorder)
        added = [change.aggregate for change in changes if change.stored_version == 0]
        names = {user.name.key for user in added if isinstance(user, User)}
        with self._tables.lock:
            if names & reserved:
                raise UserNameTaken
            reserved.update(names)
        sleep(0.001)  # as long as a round trip to a remote store takes
        try:
            commit(self)
        finally:
            reserved.difference_update(names)

    patch.setattr(MemoryUnitOfWork, "commit", reserve_first)


@found_by("AccountRaces", "test_concurrent_operations_on_one_account_are_linearizable")
def look_ups_by_name_read_a_stale_replica(patch: pytest.MonkeyPatch) -> None:
    find = MemoryUsers.find_by_name
    replica: dict[str, tuple[float, User | None]] = {}

    def find_in_replica(self: MemoryUsers, key: str) -> User | None:
        copied_at, found = replica.get(key, (0.0, None))
        if monotonic() - copied_at > 0.05:
            found = find(self, key)
            replica[key] = monotonic(), found
        return found

    patch.setattr(MemoryUsers, "find_by_name", find_in_replica)


@found_by("ProfileRaces", "test_concurrent_operations_on_one_profile_are_linearizable")
def readers_see_uncommitted_changes(patch: pytest.MonkeyPatch) -> None:
    commit = MemoryUnitOfWork.commit

    def write_first(self: MemoryUnitOfWork) -> None:
        profiles = self._tables.profiles
        for change in self._identity_map.changes(self._recorder):
            if isinstance(change.aggregate, Profile) and change.stored_version:
                before, shown = profiles[change.aggregate.id], tables.copy_of(change.aggregate)
                profiles[shown.id] = shown
                sleep(0.001)  # as long as a round trip to a remote store takes
                if profiles[shown.id] is shown:
                    profiles[shown.id] = before
        commit(self)

    patch.setattr(MemoryUnitOfWork, "commit", write_first)
