from collections.abc import Collection, Sequence
from dataclasses import dataclass

from hexaccount.application.event_codec import from_entry
from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.stored_profiles import StoredProfiles
from hexaccount.application.ports.unit_of_work import UnitOfWorkFactory
from hexaccount.application.replay import ReplayTarget
from hexaccount.domain.events import ProfileCreated, ProfileUpdated
from hexaccount.domain.profile import Profile


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
    def takes_at_once(self) -> bool:
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
