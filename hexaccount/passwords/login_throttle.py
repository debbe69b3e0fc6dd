from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.accounts.user_reference import find_by_login, login_key
from hexaccount.accounts.users import Users
from hexaccount.kernel.network import network_of
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy, RateLimitStatus
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.passwords.hash_share import hashing_for_known
from hexaccount.passwords.ports import DeviceTokens, HashingOverloaded, KnownDevice
from hexaccount.rate_limits.rate_limiter import LimitKey, Permit, RateLimiter

R = TypeVar("R")

# Wrong passwords: for a name from one network, for a name, for an account by all its names, from a network, and on a
# device that has logged in before. The last but one is generous: a school may be behind one address. An account has two
# names, of which each has its own limit, below that of the account.
LOGIN = RateLimitPolicy("login", RateLimit.of(5, 12, 10, 720))
LOGIN_NAME = RateLimitPolicy("login-name", RateLimit.of(40, 2, 80, 240))
LOGIN_ACCOUNT = RateLimitPolicy("login-account", RateLimit.of(50, 2, 100, 240))
LOGIN_ADDRESS = RateLimitPolicy("login-address", RateLimit.of(60, 1, 600, 10))
LOGIN_DEVICE = RateLimitPolicy("login-device", RateLimit.of(5, 12, 20, 720))
# Right passwords cost as much work as wrong ones. The limits are wider than those of wrong passwords, so that guesses
# never use them up.
LOGINS_OF_ACCOUNT = RateLimitPolicy("logins-of-account", RateLimit.of(60, 2, 600, 20), counts_success=True)
LOGINS_OF_ADDRESS = RateLimitPolicy("logins-of-address", RateLimit.of(120, 0.5, 2000, 5), counts_success=True)
LOGINS_OF_DEVICE = RateLimitPolicy("logins-of-device", RateLimit.of(10, 6, 100, 60), counts_success=True)
# Wrong passwords of a client with another proof: a session whose password it wants to change, or the idempotency key
# and all other texts of a registration.
PASSWORD = RateLimitPolicy("password", RateLimit.of(5, 12, 20, 720))


@dataclass(frozen=True, slots=True)
class PasswordAttempt:
    """An admitted check of a password.

    user: the account, None if there is none of this name.
    device_id: that of a device on which the account has logged in before.
    """

    user: User | None
    device_id: UUID | None
    _permits: tuple[Permit, ...]

    @property
    def limit_status(self) -> RateLimitStatus | None:
        """Return what is left of the narrowest limit, unless the attempt succeeds."""
        return self._permits[0].limit_status

    @property
    def status_after_success(self) -> RateLimitStatus | None:
        """Return what is left of the narrowest limit once the attempt has succeeded."""
        return self._permits[0].refunded_status

    def check(self, verify: Callable[[], R]) -> R:
        """Return what `verify` returns; an attempt that could not be checked is no guess."""
        try:
            with hashing_for_known() if self.device_id else nullcontext():
                return verify()
        except HashingOverloaded:
            first, *others = self._permits
            # By a name it has cost a look-up, for which its address has to wait if it comes again and again.
            (first.refund if self.device_id else first.succeed)()
            for permit in others:
                permit.refund()
            raise

    def succeeded(self) -> None:
        """Count the attempt as one with the right password."""
        first, *later = self._permits
        first.succeed(*later)


@dataclass(frozen=True, slots=True)
class LoginThrottle:
    """Limits wrong passwords, and the work for right ones, alike for accounts that exist and for names that do not."""

    rate_limiter: RateLimiter
    devices: DeviceTokens
    unit_of_work: UnitOfWorkFactory[UnitOfWork]

    def reauthenticate(self, user: User, proof: UUID) -> PasswordAttempt:
        """Admit an attempt by a client with another proof; raises TooManyAttempts.

        `proof` is the id of the session, or of the account that the same request has opened before.
        """
        return PasswordAttempt(user, None, (self._acquire((PASSWORD, proof.hex), (LOGINS_OF_ACCOUNT, user.id.hex)),))

    def acquire(self, login: str, *, client_address: str, device: str | None) -> PasswordAttempt:
        """Find the account of a login and admit an attempt to check its password; raises TooManyAttempts.

        A device that the account knows has a limit of its own, which no other client can use up.
        """
        known = self.devices.read(device)
        user = None if known is None else self._owner(known, login_key(login))
        if known is None or user is None:
            return self._by_name(login, network_of(client_address))
        keys = (LOGIN_DEVICE, known.id.hex), (LOGINS_OF_DEVICE, known.id.hex), (LOGINS_OF_ACCOUNT, user.id.hex)
        return PasswordAttempt(user, known.id, (self._acquire(*keys),))

    def _owner(self, device: KnownDevice, name: str) -> User | None:
        """Return the account of a device if it still knows the device, and has this name."""
        with self.unit_of_work() as uow:
            user = Users(uow).find(device.account_id)
        if user is None or user.epoch != device.epoch or name not in (user.name.key, user.email.key):
            return None
        return user

    def _by_name(self, login: str, network: str) -> PasswordAttempt:
        # Before the account is looked up, so that the time of a refusal does not reveal whether there is one.
        name = login_key(login)
        by_name = self._acquire(
            (LOGIN, name, network), (LOGIN_NAME, name), (LOGIN_ADDRESS, network), (LOGINS_OF_ADDRESS, network)
        )
        with self.unit_of_work() as uow:
            user = find_by_login(uow, login)
        account = user.id.hex if user else f"name {name}"
        by_account = self._acquire((LOGIN_ACCOUNT, account), (LOGINS_OF_ACCOUNT, account))
        return PasswordAttempt(user, None, (by_name, by_account))

    def _acquire(self, *keys: tuple[RateLimitPolicy, *tuple[str, ...]]) -> Permit:
        return self.rate_limiter.acquire([LimitKey(policy, tuple(subject)) for policy, *subject in keys])
