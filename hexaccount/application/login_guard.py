from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from hexaccount.application.network import network_of
from hexaccount.application.ports.device_tokens import DeviceTokens
from hexaccount.application.ports.password_hasher import HashingOverloaded
from hexaccount.application.turnstile import Admission, Claim, Turnstile
from hexaccount.application.user_reference import login_key
from hexaccount.domain.standing import Standing
from hexaccount.domain.user import User

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Guess:
    """An admitted guess at a password; `device_id` is that of a device on which the account has logged in before."""

    device_id: UUID | None
    _admission: Admission

    @property
    def standing(self) -> Standing | None:
        """Return how whoever guesses stands with the narrowest limit."""
        return self._admission.standing

    def check(self, verify: Callable[[], R]) -> R:
        """Return what `verify` returns; a guess that could not be checked was none."""
        try:
            return verify()
        except HashingOverloaded:
            self._admission.give_back()
            raise

    def was_right(self) -> None:
        """Give back what a right password has taken."""
        self._admission.give_back()


@dataclass(frozen=True, slots=True)
class LoginGuard:
    """Bounds the guesses at passwords, alike for accounts that exist and that do not."""

    turnstile: Turnstile
    devices: DeviceTokens

    def admit_again(self, proof: UUID) -> Guess:
        """Admit a guess at a password by who has shown something else already; raises TooManyAttempts.

        `proof` is the id of what they have shown: their session, or the account that their own request has opened.
        """
        return Guess(None, self.turnstile.admit([Claim("password", (proof.hex,))]))

    def admit(self, login: str, user: User | None, *, client_address: str, device: str | None) -> Guess:
        """Admit a guess at the password of whoever logs in as `login`; raises TooManyAttempts.

        A device that the account knows has a limit of its own, which nobody else can use up.
        """
        known = self.devices.device_of(device, user)
        if known is not None:
            return Guess(known, self.turnstile.admit([Claim("login-device", (known.hex,))]))
        name, network = login_key(login), network_of(client_address)
        claims = [
            # By name and not by account: this limit is shown, and would tell that a name and an address are one's.
            Claim("login", (name, network)),
            Claim("login-account", (f"user {user.id}" if user else f"name {name}",)),
            Claim("login-address", (network,)),
        ]
        return Guess(None, self.turnstile.admit(claims))
