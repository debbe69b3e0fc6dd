from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.user import UserRegistered
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount_click.cli import cli
from tests.driving.cli.memory_program import MemoryProgram
from tests.people import PASSWORD, registration_options

Run: TypeAlias = Callable[..., Result]

DELIVERY_ERROR = "RuntimeError: broken\n\x1b[31mon two lines"


@pytest.fixture
def program() -> Iterator[MemoryProgram]:
    program = MemoryProgram()
    yield program
    program.service.close()


@pytest.fixture
def run(program: MemoryProgram) -> Run:
    def run(*args: str, stdin: str | bytes = "") -> Result:
        return CliRunner().invoke(cli, args, input=stdin, obj=program)

    return run


@pytest.fixture
def register(run: Run) -> Callable[..., str]:
    """Register an account from the command line and return its id."""

    def register(user_name: str, *more: str, first_name: str = "Ada", last_name: str = "Lovelace") -> str:
        options = registration_options(user_name, *more, first_name=first_name, last_name=last_name)
        result = run(*options, stdin=PASSWORD + "\n")
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    return register


@pytest.fixture
def can_log_in(program: MemoryProgram) -> Callable[[str], bool]:
    """Return whether "ada" can log in with a password."""

    def can_log_in(password: str) -> bool:
        try:
            program.service.bus.handle(LogIn(user_name="ada", password=password))
        except WrongCredentials:
            return False
        return True

    return can_log_in


@pytest.fixture
def ada(program: MemoryProgram, register: Callable[..., str]) -> str:
    """Return the id of the account "ada", which was registered, disabled and enabled."""
    program.service.subscribe()
    user_id = register("ada")
    program.service.deliver_all()
    program.bus().handle(DisableUser(user_id=UUID(user_id)))
    program.bus().handle(EnableUser(user_id=UUID(user_id)))
    return user_id


@pytest.fixture
def add_dead_letters(program: MemoryProgram, register: Callable[..., str]) -> Callable[..., list[str]]:
    """Register accounts, make their events dead letters of each subscriber, and return the accounts' ids."""

    def add_dead_letters(*subscribers: str, accounts: int = 1) -> list[str]:
        outbox, now = program.service.store.outbox, program.service.container.clock().now()
        for subscriber in subscribers:
            outbox.subscribe(subscriber, [UserRegistered.type])
        ids = [register(f"user-{number}") for number in range(accounts)]
        for subscriber in subscribers:
            for delivery in outbox.claim(subscriber, limit=100, now=now, lease=timedelta(seconds=30)).deliveries:
                outbox.dead_letter(delivery, error=DELIVERY_ERROR)
        return ids

    return add_dead_letters
