"""What the users of tests register and log in with."""

from typing import Any

from hexaccount.accounts.role import Role
from hexaccount.registration.register_user import RegisterUser

PASSWORD = "correct horse battery"
WRONG_PASSWORD = "a mistaken password"


def registration_form(user_name: str = "juliet", **changes: Any) -> dict[str, Any]:
    """Return the JSON body of a registration."""
    person = {"first_name": "Juliet", "last_name": "Capulet", "password": PASSWORD}
    return {"user_name": user_name, "email": f"{user_name}@example.org", **person, **changes}


def login_form(user_name: str = "juliet", password: str = PASSWORD, device: str | None = None) -> dict[str, Any]:
    """Return the JSON body of a login."""
    return {"user_name": user_name, "password": password} | ({} if device is None else {"device": device})


def registration(user_name: str = "juliet", email: str = "", role: Role = Role.USER, **changes: Any) -> RegisterUser:
    """Return the command that registers a user; `changes` replace fields of the form."""
    address = {"email": email} if email else {}
    return RegisterUser.of_text(**registration_form(user_name, **address, **changes), role=role)
