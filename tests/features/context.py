"""What the steps of a scenario share."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hexaccount.bootstrap.service import Service
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.kernel.errors import Refusal
from hexaccount.passwords.log_in import LogIn
from hexaccount.registration.register_user import RegisterUser
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.features.receiver import Receiver

PASSWORD = "plum zebra ox"
"""Short, as estimating its strength takes time by the square of its length."""
VALID = {
    "user_name": "Juliet",
    "email": "juliet@example.org",
    "first_name": "Juliet",
    "last_name": "Capulet",
    "password": PASSWORD,
}


@dataclass
class BddContext:
    """The service with its users by name and their tokens by device, and the outcome of the last attempt."""

    service: Service
    clock: AdjustableClock
    receiver: Receiver
    user_ids: dict[str, UUID] = field(default_factory=dict)
    devices: dict[str, IssuedTokens] = field(default_factory=dict)
    result: Any = None
    refusal: Refusal | None = None

    def handle(self, message: Any) -> Any:
        return self.service.bus.handle(message)

    def attempt(self, action: Callable[[], Any]) -> None:
        """Keep the result of an action, or its refusal, which a later step has to expect."""
        assert self.refusal is None, f"no step expects this refusal: {self.refusal}"
        self.result = None
        try:
            self.result = action()
        except Refusal as refusal:
            self.refusal = refusal

    def expect_refusal(self) -> Refusal:
        """Return the refusal of the last attempt; it is also the `result` then."""
        self.result, self.refusal = self.refusal, None
        assert isinstance(self.result, Refusal), "the last attempt was not refused"
        return self.result

    def register(self, name: str, email: str = "", **fields: Any) -> None:
        address = email or f"user{len(self.user_ids)}@example.org"
        self.user_ids[name] = self.handle(registration(name, address, **fields))

    def log_in(
        self, name: str, password: str = PASSWORD, *, agent: str = "feature", device: str | None = None
    ) -> IssuedTokens:
        """Log in as a browser that sends `agent`, and `device` as its cookie of an earlier login."""
        login = LogIn(user_name=name, password=password, client_address="192.0.2.7", user_agent=agent, device=device)
        return self.handle(login)

    def is_logged_in(self, device: str) -> bool:
        access = self.devices[device]
        try:
            return self.handle(Authenticate(token=access.token)).session_id == access.session_id
        except NotAuthenticated:
            return False

    def deliver(self) -> None:
        with suppress(ReceiverUnavailable):
            self.service.deliver_all()

    def journal(self, kind: str, aggregate_id: UUID) -> Sequence[JournalEntry]:
        with self.service.store.unit_of_work() as uow:
            return uow.journal.of(kind, aggregate_id)


def registration(name: str, email: str, **fields: Any) -> RegisterUser:
    return RegisterUser.of_text(**VALID | {"user_name": name, "email": email} | fields)
