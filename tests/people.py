"""Registrations and logins for tests: on the bus, over HTTP and at the command line."""

from typing import Any
from uuid import UUID

from hexaccount.accounts.role import Role
from hexaccount.kernel.bus import MessageBus
from hexaccount.passwords.log_in import LogIn
from hexaccount.registration.register_user import RegisterUser
from hexaccount.sessions.issued_tokens import IssuedTokens

PASSWORD = "correct horse battery"
WRONG_PASSWORD = "a mistaken password"


def registration_form(user_name: str = "juliet", **changes: Any) -> dict[str, Any]:
    """Return the JSON body of a registration."""
    person = {"first_name": "Juliet", "last_name": "Capulet", "password": PASSWORD}
    return {"user_name": user_name, "email": f"{user_name}@example.org", **person, **changes}


def login_form(user_name: str = "juliet", password: str = PASSWORD, device: str | None = None) -> dict[str, Any]:
    """Return the JSON body of a login."""
    return {"user_name": user_name, "password": password} | ({} if device is None else {"device": device})


def registration_options(user_name: str = "juliet", *more: str, **changes: str) -> list[str]:
    """Return the arguments of `hexaccount users register`, which reads the password from standard input."""
    form = registration_form(user_name, **changes)
    texts = {f"--{name.replace('_', '-')}": text for name, text in form.items() if name != "password"}
    return ["users", "register", *(part for pair in texts.items() for part in pair), "--password-stdin", *more]


def registration(user_name: str = "juliet", email: str = "", role: Role = Role.USER, **changes: Any) -> RegisterUser:
    address = {"email": email} if email else {}
    return RegisterUser.of_text(**registration_form(user_name, **address, **changes), role=role)


def register(
    bus: MessageBus, user_name: str = "juliet", email: str = "", role: Role = Role.USER, **changes: Any
) -> UUID:
    """Register a user and return their id."""
    return bus.handle(registration(user_name, email, role, **changes))


def log_in(bus: MessageBus, user_name: str = "juliet", password: str = PASSWORD, **details: Any) -> IssuedTokens:
    """Log in; `details` are further fields of the command, such as `client_address`, `user_agent` and `device`."""
    return bus.handle(LogIn(user_name=user_name, password=password, **details))
