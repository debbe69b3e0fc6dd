from functools import partial
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.owing import SUBSCRIBER, claim
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.storing import journal_of, profile_of, save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers


def lost_profile(people: People, version: int, user_id: UUID | None = None) -> Profile:
    """Return a profile whose stored state is gone; no account has it, so that nobody looks for its journal."""
    profile = Profile.create(user_id or Uuid7Identifiers().new(), people.now())
    while profile.version < version:
        profile.update({"bio": f"\U0001f600 {profile.version}\n\u05e9\u05dc\u05d5\u05dd", "phone": None}, people.now())
    return profile


class StoredProfilesContract(ContractSuite):
    """States are stored again where they are missing or behind, and never in the place of a later one."""

    def test_what_is_missing_is_stored_as_it_is(self, store: Store, another: Store, people: People) -> None:
        lost = [lost_profile(people, version) for version in (1, 2, 5)]
        store.stored_profiles.restore(lost)
        for profile in lost:
            stored = profile_of(another, profile.id)
            assert stored
            assert state_of(stored) == state_of(profile)
            assert stored.pending == []

    def test_to_restore_nothing_does_nothing(self, store: Store) -> None:
        store.stored_profiles.restore([])

    def test_an_earlier_version_is_replaced(self, store: Store, people: People) -> None:
        old = lost_profile(people, 2)
        new = lost_profile(people, 3, old.id)
        store.stored_profiles.restore([old])
        store.stored_profiles.restore([new, lost_profile(people, 1)])
        stored = profile_of(store, old.id)
        assert stored
        assert state_of(stored) == state_of(new)

    def test_that_version_or_a_later_one_stays(self, store: Store, people: People) -> None:
        user = people.user()
        profile = people.profile(user.id, bio="told", phone="+49 30 901820")
        save(store, user, profile)
        stored = profile_of(store, user.id)
        assert stored
        missing = lost_profile(people, 1)
        store.stored_profiles.restore([lost_profile(people, 1, user.id), lost_profile(people, 2, user.id), missing])
        after = profile_of(store, user.id)
        assert after
        assert state_of(after) == state_of(stored)
        assert profile_of(store, missing.id) is not None

    def test_no_event_is_told_of_it(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        profile = lost_profile(people, 3)
        store.stored_profiles.restore([profile])
        assert list(claim(store)) == []
        assert list(journal_of(store, profile)) == []

    def test_of_those_who_restore_at_once_the_latest_version_stays(
        self, store: Store, another: Store, people: People
    ) -> None:
        first = [lost_profile(people, 1) for _ in range(5)]
        versions = [[lost_profile(people, version, one.id) for one in first] for version in range(1, 17)]
        for _ in range(3):
            handles = [store, another] * 8
            race(
                *(
                    partial(handle.stored_profiles.restore, some if handle is store else some[::-1])
                    for handle, some in zip(handles, versions, strict=True)
                )
            )
        for one in first:
            stored = profile_of(store, one.id)
            assert stored
            assert stored.version == 16
