from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.profile import Profile, ProfileCreated, ProfileUpdated
from hexaccount.accounts.profiles import Profiles, restore_profile
from hexaccount.accounts.users import USERS
from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventsUnitOfWork
from hexaccount.events.replay import IncompleteJournal, ReplayTarget
from hexaccount.kernel.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ProfileProjection(ReplayTarget):
    """The stored profiles as a read model of their journals; a replay rebuilds those that are missing or behind.

    A commit stores state and events together, so that a replay is needed only after states were lost.
    """

    unit_of_work: UnitOfWorkFactory[EventsUnitOfWork]

    @property
    def name(self) -> str:
        return "profiles"

    @property
    def event_types(self) -> Collection[str]:
        return (ProfileCreated.type, ProfileUpdated.type)

    @property
    def immediate(self) -> bool:
        return True

    def prepare(self) -> None:
        """Do nothing: commits keep the profiles up to date."""

    def replay(self, entries: Sequence[JournalEntry]) -> None:
        """Fold the whole journal of each profile whose stored state lacks some of these events.

        Raises IncompleteJournal if some of it was archived.
        """
        newest = {entry.aggregate_id: entry.sequence for entry in entries}
        with self.unit_of_work() as uow:
            Profiles(uow).prefetch(list(newest))
            stored = {user_id: Profiles(uow).find(user_id) for user_id in newest}
            behind = [user_id for user_id, profile in stored.items() if _version(profile) < newest[user_id]]
            users = uow.records(USERS)
            users.prefetch(behind)
            behind = [user_id for user_id in behind if users.get(user_id) is not None]  # others were erased
            folded = [Profile.fold(map(from_entry, _whole_journal(uow, user_id))) for user_id in behind]
        for profile in folded:
            restore_profile(profile, self.unit_of_work)


def _whole_journal(uow: EventsUnitOfWork, user_id: UUID) -> Sequence[JournalEntry]:
    entries = uow.journal.of(Profile.kind, user_id)
    if [entry.sequence for entry in entries] != list(range(1, len(entries) + 1)):
        raise IncompleteJournal(Profile.kind, user_id)
    return entries


def _version(profile: Profile | None) -> int:
    return profile.version if profile else 0
