from collections.abc import Callable, Sequence
from datetime import datetime
from types import TracebackType
from typing import Protocol, Self, TypeAlias
from uuid import UUID

from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.ports.keyed_requests import KeyedRequests
from hexaccount.domain.profile import Profile
from hexaccount.domain.refresh_token import RefreshToken
from hexaccount.domain.session import Session
from hexaccount.domain.user import User


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


class Sessions(Protocol):
    """The logins."""

    def add(self, session: Session) -> None:
        """Take in a new session."""
        ...

    def find(self, session_id: UUID) -> Session | None:
        """Return a session."""
        ...

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its account, read at one moment and at the cost of one look-up."""
        ...

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        """Return a refresh token, its session and that one's account, read as `find_with_user` does."""
        ...

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        """Return up to `limit` live sessions of an account with ids below `after`, by descending id: newest first."""
        ...

    def put_token(self, token: RefreshToken) -> None:
        """At commit, store a new refresh token, or that one was spent; StaleVersion if its predecessor has another."""
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


class Journal(Protocol):
    """The events of every aggregate; only a commit adds to it."""

    def of(self, aggregate: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        """Return the events of one aggregate in order."""
        ...


class Inbox(Protocol):
    """Which subscriber has handled which event."""

    def add(self, subscriber: str, event_id: UUID) -> None:
        """Note that this unit of work is the handling; the commit raises AlreadyHandled if there was one before."""
        ...


class UnitOfWork(Protocol):
    """One transaction, made anew for each message.

    Reads see what is committed; an aggregate that was read or added is one object within the unit of work. Writes
    wait for `commit`, which stores the changed aggregates, their events and the deliveries owed for them in one
    transaction, or nothing. Leaving the block without `commit` undoes all.
    """

    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def keyed_requests(self) -> KeyedRequests: ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None:
        """Store all changes.

        Raises UserNameTaken, EmailTaken, AlreadyHandled, StaleVersion when a changed aggregate is not in the store
        in the version in which it was read, and StoreUnavailable.
        """
        ...


UnitOfWorkFactory: TypeAlias = Callable[[], UnitOfWork]


class StaleVersion(Exception):
    """Somebody else has changed an aggregate since it was read; reading it again and repeating is safe."""

    code = "conflict"

    def __init__(self, kind: str, aggregate_id: UUID) -> None:
        super().__init__(f"the {kind} {aggregate_id} was changed by somebody else at the same time; try again")
        self.kind = kind
        self.aggregate_id = aggregate_id


class AlreadyHandled(Exception):
    """This subscriber has handled this event before."""


class StoreUnavailable(Exception):
    """The store cannot be reached, or does not answer in time; `remedy` says what helps where that is known."""

    def __init__(self, reason: str = "the store cannot be reached at this moment; try again", remedy: str = "") -> None:
        super().__init__(f"{reason}; {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


class StoreRefused(StoreUnavailable):
    """The store is there, and does not do its work for us until something is changed there or in the settings."""
