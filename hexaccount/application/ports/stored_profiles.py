from collections.abc import Sequence
from typing import Protocol

from hexaccount.domain.profile import Profile


class StoredProfiles(Protocol):
    """The states of profiles as they are stored, which are what their journals tell, and may be made of them again."""

    def restore(self, profiles: Sequence[Profile]) -> None:
        """Store each state unless that version or a later one is there; no event is recorded, none is pending.

        Each is stored by itself. It is safe while others change the same profiles.
        """
        ...
