from typing import Protocol
from uuid import UUID

from hexaccount.domain.user import User


class DeviceTokens(Protocol):
    """Signs what a device shows to prove that an account has logged in on it before."""

    def issue(self, user: User, device_id: UUID) -> str:
        """Return a token that is valid for this account until its epoch is raised."""
        ...

    def device_of(self, token: str | None, user: User | None) -> UUID | None:
        """Return whose device shows the token, None unless it was issued for this account and its present epoch."""
        ...
