from collections.abc import Sequence
from dataclasses import dataclass

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.accounts.profile import Profile
from hexaccount_filestore.book import Handle


@dataclass(frozen=True, slots=True)
class FileStoredProfiles(StoredProfiles):
    """The states of profiles; none is in the file, so that each opening makes them anew by itself."""

    handle: Handle

    def restore(self, profiles: Sequence[Profile]) -> None:
        with self.handle.book.lock:
            state = self.handle.book.state
            state.put(profile for profile in profiles if state.version_of(profile) < profile.version)
