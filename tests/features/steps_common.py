"""Time and refusals."""

from pytest_bdd import parsers, then, when

from hexaccount.accounts.errors import EmailTaken, LastAdmin, UserNameTaken, UserNotFound
from hexaccount.idempotency.idempotency_keys import IdempotencyKeyReused
from hexaccount.kernel.errors import InvalidInput
from hexaccount.mail.errors import InvalidOneTimeToken
from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.roles.errors import UnknownRole
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated, SessionNotFound
from tests.features.context import BddContext

REASONS = {
    "the user name is taken": UserNameTaken,
    "the e-mail address is taken": EmailTaken,
    "the user name or the password is wrong": WrongCredentials,
    "the current password is wrong": WrongPassword,
    "the refresh token is not valid": InvalidRefreshToken,
    "the idempotency key belongs to another request": IdempotencyKeyReused,
    "there is no such user": UserNotFound,
    "there is no such session": SessionNotFound,
    "there is no such role": UnknownRole,
    "there is no other admin": LastAdmin,
    "there were too many attempts": TooManyAttempts,
    "they are not logged in": NotAuthenticated,
    "the one-time token is not valid": InvalidOneTimeToken,
}


@when(parsers.re(r"(?P<number>\d+) (?P<unit>second|minute|hour|day)s? pass(es)?"))
def _(bdd_context: BddContext, number: str, unit: str) -> None:
    bdd_context.clock.advance(**{f"{unit}s": int(number)})


@then(parsers.re(f"this is refused: (?P<reason>{'|'.join(REASONS)})"))
def _(bdd_context: BddContext, reason: str) -> None:
    assert type(bdd_context.expect_refusal()) is REASONS[reason]


@then(parsers.parse("this is refused: the field {field:w} {reason}"))
def _(bdd_context: BddContext, field: str, reason: str) -> None:
    refusal = bdd_context.expect_refusal()
    assert isinstance(refusal, InvalidInput)
    assert list(refusal.errors) == [field]
    assert reason in refusal.errors[field]


@then(parsers.parse("this is refused: the fields {names} and {last} are not valid"))
def _(bdd_context: BddContext, names: str, last: str) -> None:
    refusal = bdd_context.expect_refusal()
    assert isinstance(refusal, InvalidInput)
    assert list(refusal.errors) == [*names.split(", "), last]
