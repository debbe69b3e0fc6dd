from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.kernel.aggregate import Aggregate, ForeignEvent
from hexaccount.kernel.event import Event
from hexaccount.kernel.network import network_of
from hexaccount.kernel.periods import Period
from hexaccount.kernel.text import is_ordinary
from hexaccount.sessions.lifetimes import Lifetimes

_KEPT: Period = "clearing.events"


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionOpened(Event):
    """A user has logged in on a device; unless it is refreshed, the session ends at `idle_until`."""

    type = "hexaccount.session.opened.v1"
    personal = frozenset({"client_address", "user_agent"})
    changes_access = False
    kept = _KEPT

    session_id: UUID
    epoch: int
    client_address: str
    user_agent: str
    idle_until: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionKept(Event):
    """A session was kept when the others of its account were ended, and has this epoch now."""

    type = "hexaccount.session.kept.v1"
    kept = _KEPT

    session_id: UUID
    epoch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReuseDetected(Event):
    """A refresh token was presented long after its use, so that it must have been copied; the session is closed."""

    type = "hexaccount.session.reuse_detected.v1"
    kept = _KEPT

    session_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionClosed(Event):
    """A session was ended before its time, and all its tokens with it."""

    type = "hexaccount.session.closed.v1"
    kept = _KEPT

    session_id: UUID


@dataclass(slots=True, kw_only=True, eq=False)
class Session(Aggregate):
    """One login on one device, with the address and the user agent of the client, then and when it was last refreshed.

    It ends at `idle_until` unless it is refreshed before, and at `expires_at` in any case. That a device is still in
    use is state, and no history.
    """

    kind: ClassVar[str] = "session"
    outside_events: ClassVar[frozenset[str]] = frozenset({"last_used_at", "last_address", "last_agent", "idle_until"})

    user_id: UUID
    epoch: int
    client_address: str
    user_agent: str
    opened_at: datetime
    last_used_at: datetime
    last_address: str
    last_agent: str
    idle_until: datetime
    expires_at: datetime
    closed_at: datetime | None = None

    longest_agent: ClassVar[int] = 256

    @classmethod
    def open(
        cls,
        *,
        session_id: UUID,
        user: User,
        client_address: str,
        user_agent: str,
        at: datetime,
        lifetimes: Lifetimes,
    ) -> Self:
        """Log in `user`, in the state that was read, epoch included."""
        expires_at = at + lifetimes.absolute
        event = SessionOpened(
            user_id=user.id,
            session_id=session_id,
            epoch=user.epoch,
            client_address=_address(client_address),
            user_agent=_agent(user_agent),
            idle_until=lifetimes.idle_until(used_at=at, expires_at=expires_at),
            expires_at=expires_at,
            at=at,
        )
        return cls._begun_by(event)

    @classmethod
    def _begin(cls, event: Event) -> Self:
        if not isinstance(event, SessionOpened):
            raise ForeignEvent(cls, event)
        return cls(
            id=event.session_id,
            version=1,
            user_id=event.user_id,
            epoch=event.epoch,
            client_address=event.client_address,
            user_agent=event.user_agent,
            opened_at=event.at,
            last_used_at=event.at,
            last_address=event.client_address,
            last_agent=event.user_agent,
            idle_until=event.idle_until,
            expires_at=event.expires_at,
        )

    def is_live(self, user: User, now: datetime) -> bool:
        """Tell whether a token of this session still gives access to the account of `user`."""
        return (
            self.closed_at is None
            and now < self.idle_until
            and user.id == self.user_id
            and user.epoch == self.epoch
            and not user.disabled
        )

    def refresh(self, at: datetime, lifetimes: Lifetimes, *, client_address: str, user_agent: str) -> None:
        """Extend the session, because the device is still in use."""
        self.last_used_at = at
        self.last_address, self.last_agent = _address(client_address), _agent(user_agent)
        self.idle_until = lifetimes.idle_until(used_at=at, expires_at=self.expires_at)

    def was_refreshed_by(self, *, client_address: str, user_agent: str) -> bool:
        """Tell whether a client may be the one that has refreshed the session last: from its network, or of its agent.

        A phone changes networks, and a browser its version, but hardly both within the time of a request.
        """
        return self.last_agent == _agent(user_agent) or network_of(self.last_address) == network_of(client_address)

    def keep(self, user: User, at: datetime) -> None:
        """Keep this session, after `user` has ended all sessions."""
        self._record(SessionKept(user_id=self.user_id, session_id=self.id, epoch=user.epoch, at=at))

    def close_for_reuse(self, at: datetime) -> None:
        """End the session because a refresh token was presented that had been used long before."""
        if self.closed_at is None:
            self._record(SessionReuseDetected(user_id=self.user_id, session_id=self.id, at=at))
            self.close(at)

    def close(self, at: datetime) -> None:
        """End the session; does nothing if it has ended."""
        if self.closed_at is None:
            self._record(SessionClosed(user_id=self.user_id, session_id=self.id, at=at))

    def forget_client(self) -> None:
        """Forget from where and on which device it was opened, because the account is erased."""
        self.client_address = self.user_agent = self.last_address = self.last_agent = ""

    def _apply(self, event: Event) -> None:
        match event:
            case SessionKept():
                self.epoch = event.epoch
            case SessionClosed():
                self.closed_at = event.at
            case SessionReuseDetected():
                pass  # the SessionClosed that follows changes the state
            case _:
                raise ForeignEvent(type(self), event)


def _address(text: str) -> str:
    return _printable(text, at_most=64)


def _agent(text: str) -> str:
    return _printable(text, at_most=Session.longest_agent)


def _printable(text: str, *, at_most: int) -> str:
    """Replace what cannot be printed: a strange header is no reason to refuse a login."""
    return "".join(character if is_ordinary(character) else "?" for character in text[:at_most])
