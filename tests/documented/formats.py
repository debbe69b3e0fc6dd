"""The formats of the API document that JSON Schema does not define, checked by the domain."""

from collections.abc import Callable

from jsonschema import Draft202012Validator, FormatChecker

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import clean_bio
from hexaccount.kernel.errors import InvalidValue

_PARSERS: dict[str, Callable[[str], object]] = {
    "user-name": UserName,
    "person-name": PersonName,
    "idn-email": EmailAddress,
    "paragraph": clean_bio,
}


def format_checker() -> FormatChecker:
    """Return a checker of the formats of JSON Schema and ours."""
    checker = FormatChecker()
    checker.checkers = {**Draft202012Validator.FORMAT_CHECKER.checkers}
    for name, make in _PARSERS.items():
        checker.checks(name, raises=InvalidValue)(_accepts(make))
    return checker


def _accepts(make: Callable[[str], object]) -> Callable[[object], bool]:
    def accepts(value: object) -> bool:
        return not isinstance(value, str) or make(value) is not None

    return accepts
