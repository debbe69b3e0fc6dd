"""What has happened: facts in the past tense, each with the account it concerns.

An event holds values that JSON can carry or that have one obvious spelling there (UUID, time). No password, hash
or token is ever in one. A type that ends in `.v1` never changes what it means; a change is a new type.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact about the account `user_id`, true since `at`."""

    type: ClassVar[str]

    user_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered(Event):
    """A person, or an admin for them, has opened an account."""

    type = "hexaccount.user.registered.v1"

    user_name: str
    email: str
    first_name: str
    last_name: str
    avatar_identifier: str
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserDisabled(Event):
    """An account may not be used any more; every session opened before is dead, as `epoch` has been raised to this."""

    type = "hexaccount.user.disabled.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEnabled(Event):
    """A disabled account may be used again; its holder has to log in."""

    type = "hexaccount.user.enabled.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event):
    """A person has logged in on one device."""

    type = "hexaccount.session.opened.v1"

    session_id: UUID
    epoch: int
    client_address: str
    user_agent: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(Event):
    """A session has ended before its time, and every token of it with it."""

    type = "hexaccount.session.closed.v1"

    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileCreated(Event):
    """An account has got its profile, which is still empty."""

    type = "hexaccount.profile.created.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileUpdated(Event):
    """A person has changed their profile; `changes` holds the new value of each changed field, None where removed."""

    type = "hexaccount.profile.updated.v1"

    changes: Mapping[str, str | None]


EVENT_TYPES: Mapping[str, type[Event]] = {
    event.type: event
    for event in (
        UserRegistered,
        UserDisabled,
        UserEnabled,
        SessionOpened,
        SessionClosed,
        ProfileCreated,
        ProfileUpdated,
    )
}
