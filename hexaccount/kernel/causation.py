"""The cause of the current work, which the events that it records name: who acts, from where, why, and by what."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID

SERVICE = "service"
"""The actor of what the service does by itself."""
_ADMIN = "admin:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What led to the current work.

    actor: `user:` and the id of a user, `admin:` and the name and host of whom the operating system knows, or SERVICE.
        None is a client that did not authenticate: it acts as the user that an event is about, as at a registration.
    session_id: the session in which a user acts.
    network: the client's, as `192.0.2.0/24` or `2001:db8:1::/48`: it names no person.
    request_id: the id of the request with which it began.
    causation_id: the id of the event that the work reacts to.
    traceparent: the W3C trace context.
    reason: the reason that an admin gave.
    """

    actor: str | None = SERVICE
    session_id: UUID | None = None
    network: str | None = None
    request_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    reason: str | None = None


_NONE = Cause()
_current: ContextVar[Cause] = ContextVar("hexaccount_cause", default=_NONE)


def user_actor(user_id: UUID) -> str:
    """Return the actor that is a user."""
    return f"user:{user_id}"


def admin_actor(name: str, host: str) -> str:
    """Return the actor that is an admin at the command line."""
    return f"{_ADMIN}{name}@{host}"


def is_admin(actor: str | None) -> bool:
    """Return whether an actor is an admin at the command line."""
    return actor is not None and actor.startswith(_ADMIN)


def current_cause() -> Cause:
    """Return the cause of the current work."""
    return _current.get()


@contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """Make `cause` that of all work within."""
    token = _current.set(cause)
    try:
        yield
    finally:
        _current.reset(token)


def acting(user_id: UUID, session_id: UUID) -> None:
    """Make a user, who has authenticated in a session, the actor until the end of the current `caused_by`."""
    _current.set(replace(_current.get(), actor=user_actor(user_id), session_id=session_id))


def because(reason: str | None) -> None:
    """Add the reason for the work until the end of the current `caused_by`."""
    _current.set(replace(_current.get(), reason=reason))
