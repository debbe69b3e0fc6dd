"""What accounts need from a store, and from the drawing of avatars."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.ports import EventsUnitOfWork


class Users(Protocol):
    """The repository of accounts; names and addresses are found by their folded keys."""

    def add(self, user: User) -> None:
        """Add an account; the commit raises UserNameTaken or EmailTaken, that of the name first."""
        ...

    def get(self, user_id: UUID) -> User:
        """Return an account; raises UserNotFound."""
        ...

    def find_by_name(self, key: str) -> User | None: ...

    def find_by_email(self, key: str) -> User | None: ...

    def page(self, *, limit: int, after: UUID | None) -> Sequence[User]:
        """Return up to `limit` accounts with ids above `after`, by ascending id."""
        ...

    def replace_hash(self, user_id: UUID, *, old: str, new: str) -> None:
        """At commit, replace the password hash `old` by `new`; do nothing if another is stored by then."""
        ...

    def set_hash(self, user_id: UUID, new: str) -> None:
        """At commit, store the password hash of an account that the same commit changes."""
        ...


class Profiles(Protocol):
    """The repository of profiles, by the ids of their accounts."""

    def add(self, profile: Profile) -> None: ...

    def find(self, user_id: UUID) -> Profile | None: ...

    def prefetch(self, user_ids: Sequence[UUID]) -> None:
        """Read the profiles of these accounts at once, so that `find` need not read them one by one."""
        ...


class StoredProfiles(Protocol):
    """The stored states of profiles, which can be rebuilt from their journals."""

    def restore(self, profiles: Sequence[Profile]) -> None:
        """Store each state unless that version or a later one is stored; no event is recorded.

        Each state is stored in a step of its own. It is safe while other transactions change the same profiles.
        """
        ...


class AvatarArtist(Protocol):
    """Draws avatars."""

    def draw(self, identifier: str) -> bytes:
        """Return a PNG; the same identifier gives the same bytes on every machine."""
        ...


class AccountsUnitOfWork(EventsUnitOfWork, Protocol):
    """A unit of work on accounts; `commit` raises UserNameTaken and EmailTaken, the refusal of the name first."""

    @property
    def users(self) -> Users: ...
    @property
    def profiles(self) -> Profiles: ...
