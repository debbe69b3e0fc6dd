"""What passwords need from outside."""

from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from hexaccount.accounts.user import User


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a password fits a stored hash, and whether that hash should be replaced by a fresh one."""

    matches: bool
    outdated: bool = False


class PasswordHasher(Protocol):
    """Turns a normalised password into a string that is safe to store, slowly and on purpose."""

    def hash(self, password: str) -> str:
        """Return the string to store.

        Raises HashingOverloaded when as many callers wait for a hash as the service allows.
        """
        ...

    def verify(self, password: str, stored: str | None) -> Verification:
        """Compare `password` with a stored string; with None, do the same work and find no match.

        Raises HashingOverloaded as `hash` does.
        """
        ...


class HashingOverloaded(Exception):
    """All hashing slots are taken and the queue in front of them is full."""

    code = "overloaded"

    def __init__(self, retry_after: int) -> None:
        """Take the number of whole seconds after which another try may succeed."""
        super().__init__(f"too many passwords are being checked at this moment; try again in {retry_after} s")
        self.retry_after = retry_after


class CommonPasswords(Protocol):
    """The passwords that so many people have chosen that they are tried first."""

    def contains(self, text: str) -> bool:
        """Tell whether a password is one of them, in this or another spelling of the same letters."""
        ...


class DeviceTokens(Protocol):
    """Signs what a device shows to prove that an account has logged in on it before."""

    def issue(self, user: User, device_id: UUID) -> str:
        """Return a token that is valid for this account until its epoch is raised."""
        ...

    def device_of(self, token: str | None, user: User | None) -> UUID | None:
        """Return whose device shows the token, None unless it was issued for this account and its present epoch."""
        ...
