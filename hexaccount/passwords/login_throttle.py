from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.accounts.user_reference import login_key
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy, RateLimitStatus
from hexaccount.passwords.ports import DeviceTokens, HashingOverloaded
from hexaccount.rate_limits.network import network_of
from hexaccount.rate_limits.rate_limiter import LimitKey, Permit, RateLimiter

R = TypeVar("R")

# Wrong passwords: for a name from one address, for an account, from an address, and on a device that has logged in
# before. The first is less than half of the second, so that no account is locked from one address, though an account
# has two names. Addresses are generous: a school may be behind one.
LOGIN = RateLimitPolicy("login", RateLimit.of(5, 12, 20, 720))
LOGIN_ACCOUNT = RateLimitPolicy("login-account", RateLimit.of(15, 4, 60, 240))
LOGIN_ADDRESS = RateLimitPolicy("login-address", RateLimit.of(60, 1, 600, 10))
LOGIN_DEVICE = RateLimitPolicy("login-device", RateLimit.of(5, 12, 20, 720))
# Wrong passwords of a client with another proof: a session whose password it wants to change, or the idempotency key
# and all other texts of a registration.
PASSWORD = RateLimitPolicy("password", RateLimit.of(5, 12, 20, 720))


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """An admitted check of a password; `device_id` is that of a device on which the account has logged in before."""

    device_id: UUID | None
    _permit: Permit

    @property
    def limit_status(self) -> RateLimitStatus | None:
        """Return what is left of the narrowest limit, unless the attempt succeeds."""
        return self._permit.limit_status

    @property
    def status_after_success(self) -> RateLimitStatus | None:
        """Return what is left of the narrowest limit once the attempt has succeeded."""
        return self._permit.refunded_status

    def check(self, verify: Callable[[], R]) -> R:
        """Return what `verify` returns; an attempt that could not be checked does not count."""
        try:
            return verify()
        except HashingOverloaded:
            self._permit.refund()
            raise

    def succeeded(self) -> None:
        """Refund the attempt: the password was right."""
        self._permit.refund()


@dataclass(frozen=True, slots=True)
class LoginThrottle:
    """Limits wrong passwords, alike for accounts that exist and for names that do not."""

    rate_limiter: RateLimiter
    devices: DeviceTokens

    def reauthenticate(self, proof: UUID) -> PasswordAttempt:
        """Admit an attempt by a client with another proof; raises TooManyAttempts.

        `proof` is the id of the session, or of the account that the same request has opened before.
        """
        return PasswordAttempt(None, self.rate_limiter.acquire([LimitKey(PASSWORD, (proof.hex,))]))

    def acquire(self, login: str, user: User | None, *, client_address: str, device: str | None) -> PasswordAttempt:
        """Admit an attempt to log in as `login`; raises TooManyAttempts.

        A device that the account knows has a limit of its own, which no other client can use up.
        """
        known = self.devices.device_of(device, user)
        if known is not None:
            return PasswordAttempt(known, self.rate_limiter.acquire([LimitKey(LOGIN_DEVICE, (known.hex,))]))
        name, network = login_key(login), network_of(client_address)
        keys = [
            # By name, not by account: clients see this limit, and would learn that a name and an address are one's.
            LimitKey(LOGIN, (name, network)),
            LimitKey(LOGIN_ACCOUNT, (f"user {user.id}" if user else f"name {name}",)),
            LimitKey(LOGIN_ADDRESS, (network,)),
        ]
        return PasswordAttempt(None, self.rate_limiter.acquire(keys))
