"""What a person at a terminal gets: tables as wide as it is, and completion."""

import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from subprocess import PIPE, Popen

import pytest
from click.testing import CliRunner

from hexaccount_click.cli import cli
from hexaccount_click.program import ConfigurationError, Program
from hexaccount_click.table import display_width
from tests.driving.cli.conftest import Run
from tests.driving.cli.memory_program import ROOT, MemoryProgram
from tests.servers.processes import console_command, without_coverage

# The memory store lasts as long as its process.
PROGRAM = """
import sys
from hexaccount.passwords.log_in import LogIn
from hexaccount_click.cli import cli
from tests.driving.cli.memory_program import MemoryProgram
from tests.people import PASSWORD, registration

program = MemoryProgram()
program.service.subscribe()
bus = program.bus()
names = {"first_name": "Bartholomew", "last_name": "Featherstonehaugh-Cholmondeley"}
bus.handle(registration("bartholomew-of-the-long-name", "bartholomew@mail.department.example.org", **names))
names = {"first_name": "\\u5c71\\u7530", "last_name": "\\U0001f469\\u200d\\U0001f680"}
bus.handle(registration("ada", "ada@example.org", **names))
bus.handle(LogIn(user_name="ada", password=PASSWORD, client_address="192.0.2.1", user_agent="Mozilla/5.0 " * 9))
for line in sys.argv[1:]:
    print("$", line, flush=True)
    cli(line.split(), obj=program, standalone_mode=False)
"""
LISTS = ["users list", "events list ada", "users sessions ada", "outbox subscribers", "keys list"]


def on_terminal(columns: int, *commands: str) -> list[str]:
    """Return the lines of standard output of commands whose terminal has so many columns."""
    screen, command_side = pty.openpty()
    fcntl.ioctl(command_side, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {name: value for name, value in without_coverage().items() if name != "COLUMNS"}
    with Popen([sys.executable, "-c", PROGRAM, *commands], cwd=ROOT, env=environment, stdout=command_side, stderr=PIPE):
        os.close(command_side)
        shown = b""
        with suppress(OSError):  # the end of a terminal
            while piece := os.read(screen, 65536):
                shown += piece
        os.close(screen)
    return shown.decode().splitlines()


@pytest.mark.parametrize("columns", [80, 120])
def test_a_row_of_a_list_is_one_line_of_the_terminal(columns: int) -> None:
    lines = on_terminal(columns, *LISTS)
    assert [line for line in lines if line.startswith("$")] == [f"$ {each}" for each in LISTS]
    assert len(lines) >= 3 * len(LISTS)
    assert max(map(display_width, lines)) <= columns


def test_wide_tables_and_pipes_are_not_shortened() -> None:
    wide = on_terminal(80, "users list --wide")
    command = [sys.executable, "-c", PROGRAM, "users list"]
    piped = subprocess.run(command, cwd=ROOT, env=without_coverage(), capture_output=True, check=True, text=True)
    for lines in (wide, piped.stdout.splitlines()):
        assert "bartholomew@mail.department.example.org" in lines[2]
        assert "…" not in "".join(lines)


def words_to_complete(*words: str) -> dict[str, str]:
    """Return the variables with which bash asks for completions of the last word."""
    line = " ".join(["hexaccount", *words])
    return {"_HEXACCOUNT_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}


def completed(program: Program, *words: str) -> list[str]:
    completion = CliRunner(env=words_to_complete(*words)).invoke(cli, [], obj=program, prog_name="hexaccount")
    return completion.stdout.split()


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        (["users", "grant", "ada", "a"], ["plain,admin"]),
        (["users", "register", "--role", ""], ["plain,user", "plain,admin"]),
        (["us"], ["plain,users"]),
        (["events", "list", "ada", "--type", "hexaccount.session.o"], ["plain,hexaccount.session.opened.v1"]),
        (["mail", "preview", "email_change"], [f"plain,email_change{end}" for end in ("", "_requested", "d")]),
    ],
)
def test_a_shell_completes(program: MemoryProgram, words: list[str], completions: list[str]) -> None:
    assert completed(program, *words) == completions


def test_without_valid_settings_no_role_is_completed(program: MemoryProgram) -> None:
    program.configure_error = ConfigurationError("broken")
    assert completed(program, "users", "grant", "ada", "") == []


def test_the_roles_of_the_settings_are_completed() -> None:
    roles = {"HEXACCOUNT_ROLES": '{"editor": ["users.read"]}'}
    environment = {**without_coverage(), **roles, **words_to_complete("users", "grant", "ada", "e")}
    done = subprocess.run(console_command("hexaccount"), env=environment, capture_output=True, check=False, text=True)
    assert done.stdout == "plain,editor\n", done.stderr


def test_the_next_page_of_a_wide_list_is_wide(run: Run, register: Callable[..., str]) -> None:
    for name in ("ada", "bob"):
        register(name)
    assert " --wide" in run("users", "list", "--limit", "1", "--wide").stderr


def test_an_older_python_gets_the_version_that_is_needed() -> None:
    program = "import sys; sys.version_info = (3, 10, 12, 'final', 0); import hexaccount"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stderr) == (1, "hexaccount needs Python 3.11 or later; this is 3.10\n")
