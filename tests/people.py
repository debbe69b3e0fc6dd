"""Registrations and logins for tests, on each interface."""

from hexaccount.testing.forms import PASSWORD, WRONG_PASSWORD, login_form, registration, registration_form
from hexaccount.testing.people import log_in, register

__all__ = [
    "PASSWORD",
    "WRONG_PASSWORD",
    "log_in",
    "login_form",
    "register",
    "registration",
    "registration_form",
    "registration_options",
]


def registration_options(user_name: str = "juliet", *more: str, **changes: str) -> list[str]:
    """Return the arguments of `hexaccount users register`, which reads the password from standard input."""
    form = registration_form(user_name, **changes)
    texts = {f"--{name.replace('_', '-')}": text for name, text in form.items() if name != "password"}
    return ["users", "register", *(part for pair in texts.items() for part in pair), "--password-stdin", *more]
