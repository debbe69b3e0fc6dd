from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.accounts.profile import Profile, ProfileCreated, ProfileUpdated
from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.replay import ReplayTarget
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory


@dataclass(frozen=True, slots=True)
class ProfileProjection(ReplayTarget):
    """The stored profiles, a read model of their journals that a replay makes anew where it is missing or behind.

    A commit stores state and event together, so that only who has lost states needs a replay.
    """

    unit_of_work: UnitOfWorkFactory
    stored: StoredProfiles

    @property
    def name(self) -> str:
        """Return its name."""
        return "profiles"

    @property
    def event_types(self) -> Collection[str]:
        """Return the types of which a profile's journal is made."""
        return (ProfileCreated.type, ProfileUpdated.type)

    @property
    def immediate(self) -> bool:
        """Return that it does."""
        return True

    def prepare(self) -> None:
        """Return: commits keep it up to date."""

    def replay(self, entries: Sequence[JournalEntry]) -> None:
        """Fold the whole journal of each profile that these events are news to."""
        newest = {entry.aggregate_id: entry.sequence for entry in entries}
        with self.unit_of_work() as uow:
            uow.profiles.prefetch(list(newest))
            stored = {user_id: uow.profiles.find(user_id) for user_id in newest}
            behind = [user_id for user_id, profile in stored.items() if _version(profile) < newest[user_id]]
            folded = [Profile.fold(map(from_entry, uow.journal.of(Profile.kind, user_id))) for user_id in behind]
        self.stored.restore(folded)


def _version(profile: Profile | None) -> int:
    return profile.version if profile else 0
