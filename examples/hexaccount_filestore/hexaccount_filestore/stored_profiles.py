from collections.abc import Sequence
from dataclasses import dataclass

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.accounts.profile import Profile
from hexaccount_filestore.database import Handle


@dataclass(frozen=True, slots=True)
class FileStoredProfiles(StoredProfiles):
    """The states of profiles; opening the file rebuilds them from events, so none is written to it."""

    handle: Handle

    def restore(self, profiles: Sequence[Profile]) -> None:
        with self.handle.database.lock:
            state = self.handle.database.state
            state.put(profile for profile in profiles if state.version_of(profile) < profile.version)
