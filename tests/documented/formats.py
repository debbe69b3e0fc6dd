"""The formats of texts that the API document names and JSON Schema does not know, as the domain has them."""

from collections.abc import Callable

from jsonschema import Draft202012Validator, FormatChecker

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import PersonName, UserName
from hexaccount.accounts.profile import clean_bio
from hexaccount.kernel.errors import InvalidValue

_MAKERS: dict[str, Callable[[str], object]] = {
    "user-name": UserName,
    "person-name": PersonName,
    "idn-email": EmailAddress,
    "paragraph": clean_bio,
}


def format_checker() -> FormatChecker:
    """Return what checks the formats of JSON Schema and ours."""
    checker = FormatChecker()
    checker.checkers = {**Draft202012Validator.FORMAT_CHECKER.checkers}
    for name, make in _MAKERS.items():
        checker.checks(name, raises=InvalidValue)(_fits(make))
    return checker


def _fits(make: Callable[[str], object]) -> Callable[[object], bool]:
    def fits(value: object) -> bool:
        return not isinstance(value, str) or make(value) is not None

    return fits
