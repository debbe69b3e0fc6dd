"""The profiles in the store."""

from collections.abc import Sequence
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.kernel.records import RecordType
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory

PROFILES = RecordType.of(Profile, "profiles", kind=Profile.kind, leave_out=["pending"])


class Profiles:
    """The repository of profiles, by the ids of their accounts."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._records = uow.records(PROFILES)

    def add(self, profile: Profile) -> None:
        self._records.add(profile)

    def find(self, user_id: UUID) -> Profile | None:
        return self._records.get(user_id)

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        """Read the profiles of these accounts at once, so that `find` need not read them one by one."""
        self._records.prefetch(user_ids)

    def replace(self, profile: Profile) -> None:
        """At commit, store a profile in place of the one that this unit of work has read."""
        self._records.replace(profile)

    def remove(self, profile: Profile) -> None:
        """At commit, remove a profile that this unit of work has read."""
        self._records.remove(profile)


@repeat_when_stale
def restore_profile(profile: Profile, unit_of_work: UnitOfWorkFactory[UnitOfWork]) -> None:
    """Store a profile, which was folded from its journal, unless that version or a later one is stored."""
    with unit_of_work() as uow:
        profiles = Profiles(uow)
        stored = profiles.find(profile.id)
        if stored is None:
            profiles.add(profile)
        elif stored.version < profile.version:
            profiles.replace(profile)
        uow.commit()
