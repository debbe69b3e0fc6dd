"""Registered and signed-in users for tests."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service
from hexaccount.kernel.bus import MessageBus
from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.testing.api_client import ApiClient
from hexaccount.testing.forms import PASSWORD, registration


def register(
    bus: MessageBus, user_name: str = "juliet", email: str = "", role: Role = Role.USER, **changes: Any
) -> UUID:
    """Register a user and return their id."""
    return bus.handle(registration(user_name, email, role, **changes))


def log_in(bus: MessageBus, user_name: str = "juliet", password: str = PASSWORD, **details: Any) -> IssuedTokens:
    """Log in; `details` are further fields of the command, such as `client_address`, `user_agent` and `device`."""
    return bus.handle(LogIn(user_name=user_name, password=password, **details))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A registered user with a session, and a client that sends its access token."""

    id: UUID
    user_name: str
    tokens: IssuedTokens = field(repr=False)
    client: ApiClient


@dataclass(frozen=True, slots=True)
class People:
    """Registers users of a service and logs them in."""

    service: Service

    def register(self, user_name: str, *, role: str = "user", **changes: Any) -> Person:
        """Return a new user who is logged in; `changes` replace fields of the registration."""
        user_id = register(self.service.bus, user_name, role=Role(role), **changes)
        tokens = log_in(self.service.bus, user_name, changes.get("password", PASSWORD))
        client = ApiClient(self.service)
        client.headers = {"Authorization": f"Bearer {tokens.token}"}
        return Person(id=user_id, user_name=user_name, tokens=tokens, client=client)
