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
class PasswordChanged(Event):
    """An account has a new password; every session opened before is dead unless it was kept."""

    type = "hexaccount.user.password_changed.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionsEnded(Event):
    """All sessions of an account were ended at once; every one opened before is dead unless it was kept."""

    type = "hexaccount.user.sessions_ended.v1"

    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(Event):
    """An account has got a role."""

    type = "hexaccount.user.role_granted.v1"

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(Event):
    """An account has lost a role."""

    type = "hexaccount.user.role_revoked.v1"

    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event):
    """A person has logged in on one device; unless it is refreshed the session ends at `idle_until`."""

    type = "hexaccount.session.opened.v1"

    session_id: UUID
    epoch: int
    client_address: str
    user_agent: str
    idle_until: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRefreshed(Event):
    """A device has shown that it is still in use, and its session lives until `idle_until` at least."""

    type = "hexaccount.session.refreshed.v1"

    session_id: UUID
    idle_until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKept(Event):
    """A session was spared when the others of its account were ended, and is of this epoch now."""

    type = "hexaccount.session.kept.v1"

    session_id: UUID
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReuseDetected(Event):
    """A refresh token was presented again long after its use, so somebody has a copy; the session is closed."""

    type = "hexaccount.session.reuse_detected.v1"

    session_id: UUID


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
    """A person has changed their profile; `changes` holds each changed field's new value, none where it was removed."""

    type = "hexaccount.profile.updated.v1"

    changes: Mapping[str, str | None]


EVENT_TYPES: Mapping[str, type[Event]] = {
    event.type: event
    for event in (
        UserRegistered,
        UserDisabled,
        UserEnabled,
        PasswordChanged,
        SessionsEnded,
        RoleGranted,
        RoleRevoked,
        SessionOpened,
        SessionRefreshed,
        SessionKept,
        SessionReuseDetected,
        SessionClosed,
        ProfileCreated,
        ProfileUpdated,
    )
}
