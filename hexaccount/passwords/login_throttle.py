from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.accounts.user_reference import login_key
from hexaccount.passwords.ports import DeviceTokens, HashingOverloaded
from hexaccount.rate_limits.network import network_of
from hexaccount.rate_limits.rate_limit_status import RateLimitStatus
from hexaccount.rate_limits.rate_limiter import LimitKey, Permit, RateLimiter

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """An admitted guess at a password; `device_id` is that of a device on which the account has logged in before."""

    device_id: UUID | None
    _admission: Permit

    @property
    def limit_status(self) -> RateLimitStatus | None:
        """Return how whoever guesses stands with the narrowest limit."""
        return self._admission.limit_status

    def check(self, verify: Callable[[], R]) -> R:
        """Return what `verify` returns; a guess that could not be checked was none."""
        try:
            return verify()
        except HashingOverloaded:
            self._admission.refund()
            raise

    def succeeded(self) -> None:
        """Give back what a right password has taken."""
        self._admission.refund()


@dataclass(frozen=True, slots=True)
class LoginThrottle:
    """Bounds the guesses at passwords, alike for accounts that exist and that do not."""

    rate_limiter: RateLimiter
    devices: DeviceTokens

    def reauthenticate(self, proof: UUID) -> PasswordAttempt:
        """Admit a guess at a password by who has shown something else already; raises TooManyAttempts.

        `proof` is the id of what they have shown: their session, or the account that their own request has opened.
        """
        return PasswordAttempt(None, self.rate_limiter.acquire([LimitKey("password", (proof.hex,))]))

    def acquire(self, login: str, user: User | None, *, client_address: str, device: str | None) -> PasswordAttempt:
        """Admit a guess at the password of whoever logs in as `login`; raises TooManyAttempts.

        A device that the account knows has a limit of its own, which nobody else can use up.
        """
        known = self.devices.device_of(device, user)
        if known is not None:
            return PasswordAttempt(known, self.rate_limiter.acquire([LimitKey("login-device", (known.hex,))]))
        name, network = login_key(login), network_of(client_address)
        claims = [
            # By name and not by account: this limit is shown, and would tell that a name and an address are one's.
            LimitKey("login", (name, network)),
            LimitKey("login-account", (f"user {user.id}" if user else f"name {name}",)),
            LimitKey("login-address", (network,)),
        ]
        return PasswordAttempt(None, self.rate_limiter.acquire(claims))
