from collections.abc import Sequence
from functools import partial
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import restore_profile
from hexaccount.conformance.suites.audit import state_of
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import SUBSCRIBER, claim
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.transactions import find_profile, journal_of, profile_of, save
from hexaccount.store_kit.store import Store
from hexaccount_system import Uuid7Identifiers


def lost_profile(factory: Factory, version: int, user_id: UUID | None = None) -> Profile:
    """Return a profile that is not stored; no account has its id, so the audit does not expect a journal."""
    profile = Profile.create(user_id or Uuid7Identifiers().new(), factory.now())
    while profile.version < version:
        profile.update({"bio": f"\U0001f600 {profile.version}\n\u05e9\u05dc\u05d5\u05dd", "phone": None}, factory.now())
    return Profile.fold(profile.pending)


class StoredProfilesContract(ContractSuite):
    """Restoring stores missing and outdated profiles, and never replaces a later version."""

    def test_a_missing_profile_is_restored_unchanged(self, store: Store, other_store: Store, factory: Factory) -> None:
        lost = [lost_profile(factory, version) for version in (1, 2, 5)]
        restore(store, lost)
        for profile in lost:
            stored = profile_of(other_store, profile.id)
            assert state_of(stored) == state_of(profile)
            assert stored.pending == []

    def test_restoring_nothing_does_nothing(self, store: Store) -> None:
        restore(store, [])

    def test_an_earlier_version_is_replaced(self, store: Store, factory: Factory) -> None:
        old = lost_profile(factory, 2)
        new = lost_profile(factory, 3, old.id)
        restore(store, [old])
        restore(store, [new, lost_profile(factory, 1)])
        stored = profile_of(store, old.id)
        assert state_of(stored) == state_of(new)

    def test_the_same_or_a_later_version_is_kept(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        profile = factory.profile(user.id, bio="written", phone="+49 30 901820")
        save(store, user, profile)
        stored = profile_of(store, user.id)
        missing = lost_profile(factory, 1)
        restore(store, [lost_profile(factory, 1, user.id), lost_profile(factory, 2, user.id), missing])
        assert state_of(profile_of(store, user.id)) == state_of(stored)
        assert find_profile(store, missing.id) is not None

    def test_restoring_adds_no_event(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        profile = lost_profile(factory, 3)
        restore(store, [profile])
        assert list(claim(store)) == []
        assert list(journal_of(store, profile)) == []

    def test_racing_restores_leave_the_latest_version(self, store: Store, other_store: Store, factory: Factory) -> None:
        first = [lost_profile(factory, 1) for _ in range(5)]
        versions = [[lost_profile(factory, version, profile.id) for profile in first] for version in range(1, 17)]
        for _ in range(3):
            handles = [store, other_store] * 8
            race(
                *(
                    partial(restore, handle, profiles if handle is store else profiles[::-1])
                    for handle, profiles in zip(handles, versions, strict=True)
                )
            )
        for profile in first:
            assert profile_of(store, profile.id).version == 16


def restore(store: Store, profiles: Sequence[Profile]) -> None:
    for profile in profiles:
        restore_profile(profile, store.unit_of_work)
