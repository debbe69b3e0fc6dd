import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.kernel.aggregate import Aggregate, ForeignEvent
from hexaccount.kernel.event import Event
from hexaccount.sessions.lifetimes import Lifetimes


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


@dataclass(slots=True, kw_only=True, eq=False)
class Session(Aggregate):
    """One login on one device; it remembers the client's address and agent as the client gave them.

    It ends at `idle_until` unless it is refreshed before, and at `expires_at` in any case.
    """

    kind: ClassVar[str] = "session"

    user_id: UUID
    epoch: int
    client_address: str
    user_agent: str
    opened_at: datetime
    last_used_at: datetime
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
        """Log `user` in as they were read, epoch included."""
        expires_at = at + lifetimes.absolute
        event = SessionOpened(
            user_id=user.id,
            session_id=session_id,
            epoch=user.epoch,
            client_address=_printable(client_address, at_most=64),
            user_agent=_printable(user_agent, at_most=cls.longest_agent),
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
            idle_until=event.idle_until,
            expires_at=event.expires_at,
        )

    def is_live(self, user: User, now: datetime) -> bool:
        """Tell whether a token of this session still opens the account of `user`."""
        return (
            self.closed_at is None
            and now < self.idle_until
            and user.id == self.user_id
            and user.epoch == self.epoch
            and not user.disabled
        )

    def refresh(self, at: datetime, lifetimes: Lifetimes) -> None:
        """Take note that the device is still in use."""
        idle_until = lifetimes.idle_until(used_at=at, expires_at=self.expires_at)
        self._record(SessionRefreshed(user_id=self.user_id, session_id=self.id, idle_until=idle_until, at=at))

    def keep(self, user: User, at: datetime) -> None:
        """Spare this session when `user`, as they are now, has just ended all of theirs."""
        self._record(SessionKept(user_id=self.user_id, session_id=self.id, epoch=user.epoch, at=at))

    def close_for_reuse(self, at: datetime) -> None:
        """End the session because somebody presented a refresh token that had been used long before."""
        if self.closed_at is None:
            self._record(SessionReuseDetected(user_id=self.user_id, session_id=self.id, at=at))
            self.close(at)

    def close(self, at: datetime) -> None:
        """End the session; one that has ended stays as it is."""
        if self.closed_at is None:
            self._record(SessionClosed(user_id=self.user_id, session_id=self.id, at=at))

    def _apply(self, event: Event) -> None:
        match event:
            case SessionRefreshed():
                self.last_used_at = event.at
                self.idle_until = event.idle_until
            case SessionKept():
                self.epoch = event.epoch
            case SessionClosed():
                self.closed_at = event.at
            case SessionReuseDetected():
                pass  # what it means is told by the closing that follows
            case _:
                raise ForeignEvent(type(self), event)


def _printable(text: str, *, at_most: int) -> str:
    """Keep what a client says of itself harmless: a header is no reason to refuse a login."""
    return "".join(
        character if unicodedata.category(character)[0] not in "CZ" or character == " " else "?"
        for character in text[:at_most]
    )
