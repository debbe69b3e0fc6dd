from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from click.testing import CliRunner, Result

from hexaccount_click.cli import cli
from tests.driving.cli.memory_program import MemoryProgram

Run: TypeAlias = Callable[..., Result]

PASSWORD = "correct horse battery"


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
        names = ("--user-name", user_name, "--first-name", first_name, "--last-name", last_name)
        email = ("--email", f"{user_name}@example.org")
        result = run("users", "register", *names, *email, "--password-stdin", *more, stdin=PASSWORD + "\n")
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    return register
