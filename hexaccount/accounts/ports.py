"""What accounts need from outside."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User


class Users(Protocol):
    """The accounts; names and addresses are looked up by the key that the domain folds."""

    def add(self, user: User) -> None:
        """Take in a new account; the commit raises UserNameTaken or EmailTaken, the name's refusal first."""
        ...

    def get(self, user_id: UUID) -> User:
        """Return an account; raises UserNotFound."""
        ...

    def find_by_name(self, key: str) -> User | None:
        """Return the account with this user name key."""
        ...

    def find_by_email(self, key: str) -> User | None:
        """Return the account with this e-mail address key."""
        ...

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        """Return up to `limit` accounts with ids above `after`, by ascending id."""
        ...

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        """At commit, put `new` in the place of the password hash `old`; do nothing if another is there by then."""
        ...

    def set_hash(self, user_id: UUID, new: str) -> None:
        """At commit, store the password hash of an account that the same commit changes."""
        ...


class Profiles(Protocol):
    """What people tell of themselves, by the account's id."""

    def add(self, profile: Profile) -> None:
        """Take in a new profile."""
        ...

    def find(self, user_id: UUID) -> Profile | None:
        """Return the profile of an account."""
        ...

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        """Read the profiles of these accounts at once, so that `find` need not read them one by one."""
        ...


class StoredProfiles(Protocol):
    """The states of profiles as they are stored, which are what their journals tell, and may be made of them again."""

    def restore(self, profiles: Sequence[Profile]) -> None:
        """Store each state unless that version or a later one is there; no event is recorded, none is pending.

        Each is stored by itself. It is safe while others change the same profiles.
        """
        ...


class AvatarArtist(Protocol):
    """Draws the picture of an account that has none of its own."""

    def draw(self, identifier: str) -> bytes:
        """Return a PNG, to the byte the same for the same identifier on every machine."""
        ...
