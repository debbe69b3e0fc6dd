from collections.abc import Callable
from uuid import UUID

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests import people
from tests.hexagon.sessions import devices
from tests.people import PASSWORD, WRONG_PASSWORD

HOME = "192.0.2.7"


@pytest.fixture
def log_in(service: Service, juliet: UUID) -> Callable[..., IssuedTokens]:
    def log_in(
        name: str = "juliet", password: str = PASSWORD, address: str = HOME, device: str | None = None
    ) -> IssuedTokens:
        return people.log_in(service.bus, name, password, client_address=address, device=device)

    return log_in


@pytest.fixture
def guess(log_in: Callable[..., IssuedTokens]) -> Callable[..., str]:
    """Return a function that logs in with a wrong password and returns the error code."""

    def guess(name: str = "juliet", address: str = HOME, device: str | None = None) -> str:
        with pytest.raises((WrongCredentials, TooManyAttempts)) as refusal:
            log_in(name, WRONG_PASSWORD, address, device)
        return refusal.value.code

    return guess


@pytest.fixture
def attack(guess: Callable[..., str]) -> Callable[..., list[str]]:
    """Return a function that guesses from many addresses and returns the error codes."""

    def attack(name: str = "juliet", times: int = 41) -> list[str]:
        return [guess(name, f"203.0.113.{number}") for number in range(times)]

    return attack


@pytest.fixture
def laptop(service: Service, juliet: UUID) -> IssuedTokens:
    return devices.log_in(service)


@pytest.fixture
def phone(service: Service, juliet: UUID) -> IssuedTokens:
    return devices.log_in(service)
