"""Repeated and concurrent registrations."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from pytest_bdd import given, parsers, then, when

from hexaccount.accounts.errors import UserNameTaken
from hexaccount.accounts.get_user import GetUser
from hexaccount.idempotency.idempotency_keys import RequestInFlight
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.registration.register_user import RegisterUser
from tests.features.context import VALID, BddContext, registration


def keyed(key: str, **changes: str) -> RegisterUser:
    return RegisterUser.of_text(**VALID | changes, idempotency_key=key)


def submit(bdd_context: BddContext, commands: Sequence[RegisterUser]) -> list[Any]:
    """Run commands concurrently and return their results and exceptions."""
    with ThreadPoolExecutor(4) as threads:
        futures: list[Future[Any]] = [threads.submit(bdd_context.service.bus.handle, command) for command in commands]
    return [future.exception() or future.result() for future in futures]


@given(parsers.parse('"{name}" has registered with the idempotency key "{key}"'))
def _(bdd_context: BddContext, name: str, key: str) -> None:
    bdd_context.handle(keyed(key, user_name=name))


@when(parsers.parse('{number:d} users register as "{name}" at the same time'), target_fixture="results")
def _(bdd_context: BddContext, number: int, name: str) -> list[Any]:
    return submit(bdd_context, [registration(name, f"user{n}@example.org") for n in range(number)])


@when(parsers.parse('"{name}" registers with the idempotency key "{key}"'))
def _(bdd_context: BddContext, name: str, key: str) -> None:
    email = VALID["email"] if name == VALID["user_name"] else "another@example.org"
    bdd_context.attempt(lambda: bdd_context.handle(keyed(key, user_name=name, email=email)))


@when(parsers.parse('"{name}" registers with the idempotency key "{key}" and "{value}" as {field:w}'))
def _(bdd_context: BddContext, name: str, key: str, value: str, field: str) -> None:
    bdd_context.attempt(lambda: bdd_context.handle(keyed(key, **{"user_name": name, field: value})))


@when(parsers.parse('"{name}" registers {number:d} times with the idempotency key "{key}"'), target_fixture="results")
def _(bdd_context: BddContext, name: str, number: int, key: str) -> list[Any]:
    return [bdd_context.handle(keyed(key, user_name=name)) for _ in range(number)]


@when(
    parsers.parse('"{name}" registers {number:d} times with the idempotency key "{key}" at the same time'),
    target_fixture="results",
)
def _(bdd_context: BddContext, name: str, number: int, key: str) -> list[Any]:
    return submit(bdd_context, [keyed(key, user_name=name)] * number)


@then(parsers.parse("{number:d} of them succeeds"))
def _(results: list[Any], number: int) -> None:
    assert len([result for result in results if not isinstance(result, Exception)]) == number


@then(parsers.parse("the {number:d} others are refused: the user name is taken"))
def _(results: list[Any], number: int) -> None:
    assert len([result for result in results if isinstance(result, UserNameTaken)]) == number


@then("each of them returns the same account")
def _(bdd_context: BddContext, results: list[Any]) -> None:
    assert set(results) == {bdd_context.handle(GetUser(reference=VALID["user_name"])).id}


@then("each of them returns the same account, or is to be repeated")
def _(bdd_context: BddContext, results: list[Any]) -> None:
    # A repetition verifies the password, which counts as an attempt until it has succeeded.
    completed = {result for result in results if not isinstance(result, RequestInFlight | TooManyAttempts)}
    assert completed == {bdd_context.handle(GetUser(reference=VALID["user_name"])).id}
