import pytest
from pytest_bdd import given, parsers, then, when

from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests.features.context import BddContext


def try_wrong_password(bdd_context: BddContext, name: str, address: str = "192.0.2.7") -> None:
    bdd_context.handle(LogIn(user_name=name, password="not this one", client_address=address))


def log_in_again(bdd_context: BddContext, name: str, device: str) -> IssuedTokens:
    return bdd_context.log_in(name, device=bdd_context.devices[device].device)


@given(parsers.parse('an attacker has tried {times:d} wrong passwords for "{name}"'))
def _(bdd_context: BddContext, times: int, name: str) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            try_wrong_password(bdd_context, name)


@given(parsers.parse('an attacker at another address has tried {times:d} wrong passwords for "{name}"'))
def _(bdd_context: BddContext, times: int, name: str) -> None:
    for _ in range(times):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            try_wrong_password(bdd_context, name, "198.51.100.7")


@given(parsers.parse('an attacker has tried {times:d} wrong passwords for "{name}", each as soon as possible'))
def _(bdd_context: BddContext, name: str, times: int) -> None:
    while times:
        try:
            try_wrong_password(bdd_context, name)
        except TooManyAttempts as refusal:
            bdd_context.clock.advance(seconds=refusal.limit_status.wait)
        except WrongCredentials:
            times -= 1


@given(parsers.parse('attackers at {number:d} addresses have tried a wrong password for "{name}"'))
@when(parsers.parse('attackers at {number:d} addresses have tried a wrong password for "{name}"'))
def _(bdd_context: BddContext, number: int, name: str) -> None:
    for n in range(number):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            try_wrong_password(bdd_context, name, f"203.0.113.{n}")


@when(parsers.parse('"{name}" tries to log in'))
def _(bdd_context: BddContext, name: str) -> None:
    bdd_context.attempt(lambda: bdd_context.log_in(name))


@when(parsers.parse('"{name}" tries to log in again on the {device}'))
def _(bdd_context: BddContext, name: str, device: str) -> None:
    bdd_context.attempt(lambda: log_in_again(bdd_context, name, device))


@when(parsers.parse('"{name}" logs in again on the {device}'))
def _(bdd_context: BddContext, name: str, device: str) -> None:
    bdd_context.devices[device] = log_in_again(bdd_context, name, device)


@when(parsers.parse('"{name}" logs in again {times:d} times on the {device}'))
def _(bdd_context: BddContext, name: str, times: int, device: str) -> None:
    for _ in range(times):
        bdd_context.devices[device] = log_in_again(bdd_context, name, device)


@when(parsers.parse('"{name}" logs in {times:d} times on the {device}'))
def _(bdd_context: BddContext, name: str, times: int, device: str) -> None:
    for _ in range(times):
        bdd_context.devices[device] = bdd_context.log_in(name)


@then(parsers.parse("the wait is {seconds:d} seconds"))
def _(bdd_context: BddContext, seconds: int) -> None:
    refusal: TooManyAttempts = bdd_context.result
    assert refusal.limit_status.wait == seconds
    assert f"wait {seconds} seconds" in str(refusal)


@then(parsers.parse("the wait is longer than {minutes:d} minutes"))
def _(bdd_context: BddContext, minutes: int) -> None:
    assert bdd_context.result.limit_status.wait > minutes * 60
