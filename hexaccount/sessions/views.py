from dataclasses import dataclass
from datetime import datetime
from typing import Self
from uuid import UUID

from hexaccount.sessions.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A live session as its user and admins see it.

    device, address: the user agent and the client's address at the login.
    last_address: that of the last refresh.
    """

    id: UUID
    device: str
    address: str
    created_at: datetime
    last_used_at: datetime
    last_address: str
    idle_until: datetime
    expires_at: datetime

    @classmethod
    def of(cls, session: Session) -> Self:
        return cls(
            id=session.id,
            device=session.user_agent,
            address=session.client_address,
            created_at=session.opened_at,
            last_used_at=session.last_used_at,
            last_address=session.last_address,
            idle_until=session.idle_until,
            expires_at=session.expires_at,
        )
