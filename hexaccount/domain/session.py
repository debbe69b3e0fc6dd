import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.domain.aggregate import Aggregate, ForeignEvent
from hexaccount.domain.events import Event, SessionClosed, SessionOpened
from hexaccount.domain.user import User


@dataclass(slots=True, kw_only=True, eq=False)
class Session(Aggregate):
    """One login on one device; it remembers the client's address and agent as the client gave them."""

    kind: ClassVar[str] = "session"

    user_id: UUID
    epoch: int
    client_address: str
    user_agent: str
    opened_at: datetime
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
        lifetime: timedelta,
    ) -> Self:
        """Log `user` in as they were read, epoch included, for `lifetime` at the most."""
        event = SessionOpened(
            user_id=user.id,
            session_id=session_id,
            epoch=user.epoch,
            client_address=_printable(client_address, at_most=64),
            user_agent=_printable(user_agent, at_most=cls.longest_agent),
            expires_at=at + lifetime,
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
            expires_at=event.expires_at,
        )

    def is_live(self, user: User, now: datetime) -> bool:
        """Tell whether a token of this session still opens the account of `user`."""
        return (
            self.closed_at is None
            and now < self.expires_at
            and user.id == self.user_id
            and user.epoch == self.epoch
            and not user.disabled
        )

    def close(self, at: datetime) -> None:
        """End the session; one that has ended stays as it is."""
        if self.closed_at is None:
            self._record(SessionClosed(user_id=self.user_id, session_id=self.id, at=at))

    def _apply(self, event: Event) -> None:
        match event:
            case SessionClosed():
                self.closed_at = event.at
            case _:
                raise ForeignEvent(type(self), event)


def _printable(text: str, *, at_most: int) -> str:
    """Keep what a client says of itself harmless: a header is no reason to refuse a login."""
    return "".join(
        character if unicodedata.category(character)[0] not in "CZ" or character == " " else "?"
        for character in text[:at_most]
    )
