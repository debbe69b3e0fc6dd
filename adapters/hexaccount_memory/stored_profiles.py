from collections.abc import Sequence
from dataclasses import dataclass

from hexaccount.accounts.ports import StoredProfiles
from hexaccount.accounts.profile import Profile
from hexaccount_memory.tables import Tables, copy_of


@dataclass(frozen=True, slots=True)
class MemoryStoredProfiles(StoredProfiles):
    """The profiles in memory."""

    tables: Tables

    def restore(self, profiles: Sequence[Profile]) -> None:
        with self.tables.lock:
            for profile in profiles:
                stored = self.tables.profiles.get(profile.id)
                if stored is None or stored.version < profile.version:
                    self.tables.profiles[profile.id] = copy_of(profile)
