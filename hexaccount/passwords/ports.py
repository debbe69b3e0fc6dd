"""What passwords need from a hasher, an estimator of guesses, and a maker of device tokens."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from hexaccount.accounts.user import User


@dataclass(frozen=True, slots=True)
class Verification:
    """Whether a password matches a stored hash, and whether that hash should be renewed."""

    matches: bool
    outdated: bool = False


class PasswordHasher(Protocol):
    """Hashes normalised passwords, slowly on purpose."""

    def hash(self, password: str) -> str:
        """Return the hash to store; raises HashingOverloaded if the queue is full."""
        ...

    def verify(self, password: str, stored: str | None) -> Verification:
        """Compare `password` with a stored hash; with None, do the same work and find no match.

        Raises HashingOverloaded if the queue is full.
        """
        ...


class HashingOverloaded(Exception):
    """All hashing slots are in use and their queue is full."""

    code = "overloaded"

    def __init__(self, retry_after: int) -> None:
        """Take the number of whole seconds after which another attempt may succeed."""
        super().__init__(f"try again in {retry_after} s: too many passwords are being checked at this moment")
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class GuessEstimate:
    """How many guesses a password takes, and what would make it easy to guess: a predicate, such as `is a date`."""

    guesses: float
    reason: str


class GuessEstimator(Protocol):
    """Estimates how many passwords an attacker tries before the right one."""

    def estimate(self, password: str, own_words: Collection[str]) -> GuessEstimate:
        """Estimate a normalised password; `own_words` are those that an attacker knows of its account.

        Raises HashingOverloaded if the queue is full.
        """
        ...


@dataclass(frozen=True, slots=True)
class KnownDevice:
    """What a device token says: an account has logged in on a device, in the epoch that it had then."""

    id: UUID
    account_id: UUID
    epoch: int


class DeviceTokens(Protocol):
    """Makes device tokens, which prove that an account has logged in on a device before."""

    def issue(self, user: User, device_id: UUID) -> str:
        """Return a token that is valid for this account until its epoch is raised; it does not reveal the account."""
        ...

    def read(self, token: str | None) -> KnownDevice | None:
        """Return what a token says, None unless it was issued here."""
        ...
