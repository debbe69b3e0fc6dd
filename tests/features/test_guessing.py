import pytest
from pytest_bdd import given, parsers, scenarios, then, when

from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests.features.world import PASSWORD, World

scenarios("../../features/guessing.feature")

ELSEWHERE = "198.51.100.7"


def guess(world: World, name: str, address: str = "192.0.2.7") -> None:
    world.handle(LogIn(user_name=name, password="not this one", client_address=address))


def log_in_again(world: World, name: str, device: str) -> IssuedTokens:
    known = world.devices[device].device
    return world.handle(LogIn(user_name=name, password=PASSWORD, client_address="192.0.2.7", device=known))


@given(parsers.parse('somebody has guessed {times:d} times at "{name}"'))
def _(world: World, times: int, name: str) -> None:
    for _ in range(times):
        with pytest.raises(WrongCredentials):
            guess(world, name)


@given(parsers.parse('somebody elsewhere has guessed {times:d} times at "{name}"'))
def _(world: World, times: int, name: str) -> None:
    for _ in range(times):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            guess(world, name, ELSEWHERE)


@given(parsers.parse('somebody has guessed at "{name}" whenever they could, {times:d} times'))
def _(world: World, name: str, times: int) -> None:
    while times:
        try:
            guess(world, name)
        except TooManyAttempts as refusal:
            world.clock.advance(seconds=refusal.limit_status.wait)
        except WrongCredentials:
            times -= 1


@given(parsers.parse('many have guessed {times:d} times at "{name}"'))
@when(parsers.parse('many have guessed {times:d} times at "{name}"'))
def _(world: World, times: int, name: str) -> None:
    for number in range(times):
        with pytest.raises((WrongCredentials, TooManyAttempts)):
            guess(world, name, f"203.0.113.{number}")


@when(parsers.parse('"{name}" tries to log in'))
def _(world: World, name: str) -> None:
    world.attempt(lambda: world.log_in(name))


@when(parsers.parse('"{name}" tries to log in again on the {device}'))
def _(world: World, name: str, device: str) -> None:
    world.attempt(lambda: log_in_again(world, name, device))


@when(parsers.parse('"{name}" logs in again on the {device}'))
def _(world: World, name: str, device: str) -> None:
    world.devices[device] = log_in_again(world, name, device)


@when(parsers.parse('"{name}" logs in {times:d} times on the {device}'))
def _(world: World, name: str, times: int, device: str) -> None:
    for _ in range(times):
        world.devices[device] = world.log_in(name)


@when(parsers.parse("{seconds:d} seconds go by"))
def _(world: World, seconds: int) -> None:
    world.clock.advance(seconds=seconds)


@then("this is refused, because there were too many attempts", target_fixture="refusal")
def _(world: World) -> TooManyAttempts:
    refusal = world.take_refusal()
    assert isinstance(refusal, TooManyAttempts)
    return refusal


@then(parsers.parse("they are told to wait {seconds:d} seconds"))
def _(refusal: TooManyAttempts, seconds: int) -> None:
    assert refusal.limit_status.wait == seconds
    assert f"wait {seconds} seconds" in str(refusal)


@then(parsers.parse("they are told to wait more than {minutes:d} minutes"))
def _(refusal: TooManyAttempts, minutes: int) -> None:
    assert refusal.limit_status.wait > minutes * 60
