"""The hidden prompt for a password, on a real terminal."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator
from uuid import UUID

import pytest

from tests.driving.cli.memory_program import COMMAND, ROOT
from tests.people import PASSWORD
from tests.servers import forked
from tests.servers.processes import console_command
from tests.signing_key import SIGNING_KEY

ADA = ["--user-name", "ada", "--email", "ada@example.org", "--first-name", "Ada", "--last-name", "Lovelace"]


class Terminal:
    """A pseudo-terminal for a command; its standard output is a pipe, as in `id=$(…)`."""

    def __init__(self, *command: str, env: dict[str, str] | None = None) -> None:
        self.screen = ""
        self._keyboard, command_side = pty.openpty()
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=command_side,
            stdout=subprocess.PIPE,
            stderr=command_side,
            start_new_session=True,
        )
        os.close(command_side)

    def expect(self, text: str, times: int = 1) -> None:
        """Wait up to 30 seconds until the screen has `text` this often."""
        deadline = time.monotonic() + 30
        while self.screen.count(text) < times:
            ready, _, _ = select.select([self._keyboard], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{text!r} was not shown; the screen has {self.screen!r}"
            assert self._read(), f"{text!r} was not shown before the end; the screen has {self.screen!r}"

    def enter(self, keys: str | bytes) -> None:
        os.write(self._keyboard, keys.encode() if isinstance(keys, str) else keys)

    def press(self, key: str) -> None:
        """Press a key that interrupts, until the screen changes.

        Python misses a signal that arrives between its last check for signals and its read from the terminal.
        """
        for _ in range(10):
            self.enter(key)
            if select.select([self._keyboard], [], [], 2)[0]:
                return

    def finish(self) -> tuple[int, str]:
        """Return the exit code and the standard output."""
        while self._read():
            pass
        output, _ = self.process.communicate(timeout=30)
        return self.process.returncode, output.decode()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()
        os.close(self._keyboard)

    def _read(self) -> bool:
        try:
            output = os.read(self._keyboard, 1024).decode()
        except OSError:  # the command has closed its side
            return False
        self.screen += output
        return bool(output)


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal(*COMMAND, "users", "register", *ADA)
    yield terminal
    terminal.close()


def test_the_password_is_prompted_for_twice_and_never_shown(terminal):
    terminal.expect("Password: ")
    terminal.enter(PASSWORD + "\n")
    terminal.expect("Repeat for confirmation: ")
    terminal.enter(PASSWORD + "\n")
    code, output = terminal.finish()
    assert code == 0
    assert output == f"{UUID(output.strip())}\n"
    assert "horse" not in terminal.screen


def test_two_different_entries_are_prompted_for_again(terminal):
    for number, repetition in enumerate([PASSWORD + "?", PASSWORD], start=1):
        terminal.expect("Password: ", times=number)
        terminal.enter(PASSWORD + "\n")
        terminal.expect("Repeat for confirmation: ", times=number)
        terminal.enter(repetition + "\n")
    assert terminal.finish()[0] == 0
    assert "do not match" in terminal.screen
    assert "horse" not in terminal.screen


def test_bytes_that_are_not_utf_8_are_refused(terminal):
    terminal.expect("Password: ")
    terminal.enter(b"\xff\xfe\xfd password\n")
    assert terminal.finish() == (1, "")
    assert terminal.screen.endswith("error: the password is not valid UTF-8\r\n")


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_an_interrupt_at_the_prompt_exits_with_130_on_a_new_line(terminal, key):
    terminal.expect("Password: ")
    terminal.press(key)
    assert terminal.finish() == (130, "")
    assert terminal.screen.endswith("\r\n")
    assert "Traceback" not in terminal.screen
    assert "rror" not in terminal.screen


def test_set_password_prompts_twice_and_never_shows_the_password(tmp_path):
    settings = {"STORE": f"sqlite:///{tmp_path}/accounts.db", "JWT__KEY": SIGNING_KEY, "PASSWORD__COST": "4"}
    env = {**os.environ, **{f"HEXACCOUNT_{name}": value for name, value in settings.items()}}

    for command in (["migrate"], ["users", "register", *ADA, "--password-stdin"]):
        assert forked.run(command, env=env, cwd=tmp_path, text=PASSWORD).returncode == 0
    terminal = Terminal(*console_command("hexaccount"), "users", "set-password", "ada", env=env)
    try:
        for prompt in ("Password: ", "Repeat for confirmation: "):
            terminal.expect(prompt)
            terminal.enter("a new and longer password\n")
        assert terminal.finish() == (0, "ada has a new password, and is logged out everywhere.\n")
        assert "longer" not in terminal.screen
    finally:
        terminal.close()
