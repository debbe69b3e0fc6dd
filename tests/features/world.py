"""What the steps of the features share: the service, the people in it, and how the last attempt ended."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import ReceiverUnavailable
from hexaccount.kernel.errors import Refusal
from hexaccount.passwords.log_in import LogIn
from hexaccount.registration.register_user import RegisterUser
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount_memory import MemoryPublisher

PASSWORD = "correct horse battery staple"


class WorldOutside(MemoryPublisher):
    """Takes what is published, unless it is away or cannot take a registration."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.indigestible: set[str] = set()

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        if self.away:
            raise ReceiverUnavailable("the world outside cannot be reached")
        for entry in entries:
            if entry.type == "hexaccount.user.registered.v1" and entry.data["user_name"] in self.indigestible:
                raise ValueError("this registration cannot be taken")
        super().publish(entries)

    def told_of(self, kind: str, aggregate_id: UUID) -> list[JournalEntry]:
        return [entry for entry in self.published if (entry.aggregate, entry.aggregate_id) == (kind, aggregate_id)]


@dataclass
class World:
    service: Service
    clock: AdjustableClock
    outside: WorldOutside
    people: dict[str, UUID] = field(default_factory=dict)
    devices: dict[str, IssuedTokens] = field(default_factory=dict)
    answer: Any = None
    refusal: Refusal | None = None

    def handle(self, message: Any) -> Any:
        return self.service.bus.handle(message)

    def attempt(self, action: Callable[[], Any]) -> None:
        """Do what may be refused; a refusal has to be told of by a later step."""
        assert self.refusal is None, f"refused before, which no step has told: {self.refusal}"
        self.answer = None
        try:
            self.answer = action()
        except Refusal as refusal:
            self.refusal = refusal

    def take_refusal(self) -> Refusal:
        """Return how the last attempt was refused; it is told of herewith."""
        refusal, self.refusal = self.refusal, None
        assert refusal is not None, "this was not refused"
        return refusal

    def register(self, name: str, email: str = "", **fields: Any) -> UUID:
        address = email or f"user{len(self.people)}@example.org"
        user_id = self.handle(registration(name, address, **fields))
        self.people[name] = user_id
        return user_id

    def log_in(self, name: str, password: str = PASSWORD, device: str = "feature") -> IssuedTokens:
        return self.handle(LogIn(user_name=name, password=password, client_address="192.0.2.7", user_agent=device))

    def refresh(self, device: str) -> IssuedTokens:
        self.devices[device] = self.handle(RefreshSession(refresh=self.devices[device].refresh))
        return self.devices[device]

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


def registration(name: str, email: str, *, role: Role = Role.USER, avatar: str | None = None) -> RegisterUser:
    return RegisterUser.of_text(
        user_name=name,
        email=email,
        first_name="Somebody",
        last_name="of Verona",
        password=PASSWORD,
        avatar_identifier=avatar,
        role=role,
    )


def facts(entries: Sequence[JournalEntry]) -> str:
    """Return what happened, in the words of the features: `registered, disabled`."""
    return ", ".join(entry.type.split(".")[2] for entry in entries)
