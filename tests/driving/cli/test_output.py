"""An output that cannot be written is no fault of the command: the exit code says so, and nothing else is shown."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from subprocess import PIPE, CompletedProcess

import pytest

from tests.driving.cli.memory_program import COMMAND, ROOT
from tests.people import PASSWORD, registration_options
from tests.servers.processes import without_coverage

FULL = "error: free space, or write to another place; "
NO_SPACE = "the output cannot be written (No space left on device), and what the command has done stays done\n"


@contextmanager
def unwritable(kind: str) -> Iterator[int]:
    """Give a file to which nothing can be written: a full disk, or a pipe whose reader is gone."""
    if kind == "full":
        descriptor = os.open("/dev/full", os.O_WRONLY)
    else:
        reader, descriptor = os.pipe()
        os.close(reader)
    yield descriptor
    os.close(descriptor)


def run(*arguments: str, stdin: str = "", unbuffered: str = "", **outputs: int) -> CompletedProcess[str]:
    return run_program([*COMMAND, *arguments], stdin, PYTHONUNBUFFERED=unbuffered, **outputs)


def run_program(argv: list[str], stdin: str, *, stdout: int = PIPE, stderr: int = PIPE, **environment: str):
    env = {**without_coverage(), **environment}
    return subprocess.run(argv, cwd=ROOT, env=env, input=stdin, stdout=stdout, stderr=stderr, text=True, check=False)


@pytest.mark.parametrize("unbuffered", ["", "1"])
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["config", "show"]])
def test_a_closed_pipe_ends_a_command_silently(arguments: list[str], unbuffered: str) -> None:
    with unwritable("closed") as pipe:
        done = run(*arguments, unbuffered=unbuffered, stdout=pipe)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("arguments", [["--help"], ["config", "show"]])
def test_a_full_disk_is_reported_as_such(arguments: list[str]) -> None:
    with unwritable("full") as disk:
        done = run(*arguments, stdout=disk)
    assert (done.returncode, done.stderr.startswith(FULL)) == (3, True), done.stderr
    assert done.stderr.count("\n") == 1


def test_what_was_done_is_not_said_to_have_failed() -> None:
    with unwritable("full") as disk:
        done = run(*registration_options("ada"), stdin=PASSWORD, stdout=disk)
    assert (done.returncode, done.stderr.endswith(NO_SPACE)) == (3, True), done.stderr


@pytest.mark.parametrize("kind", ["full", "closed"])
@pytest.mark.parametrize(("arguments", "code"), [(["nope"], 2), (["users", "show", "ada"], 1), (["hash"], 2)])
def test_a_failure_that_cannot_be_shown_has_its_exit_code(arguments: list[str], code: int, kind: str) -> None:
    with unwritable(kind) as output:
        done = run(*arguments, stdout=output, stderr=output)
    assert done.returncode == code


@pytest.mark.parametrize(("kind", "code"), [("full", 3), ("closed", 141)])
def test_a_message_that_cannot_be_shown_ends_the_command(kind: str, code: int) -> None:
    with unwritable(kind) as output:
        done = run("users", "list", stderr=output)
    assert (done.returncode, done.stdout) == (code, "")


@pytest.mark.parametrize(("kind", "code"), [("full", 3), ("closed", 141)])
def test_what_cannot_be_asked_is_not_done(kind: str, code: int) -> None:
    archive = ["events", "archive", "--before", "2020-01-01", "--to", "archive"]
    with unwritable(kind) as output:
        done = run(*archive, stdin="y\n", stderr=output)
    assert (done.returncode, done.stdout) == (code, "")


@pytest.mark.parametrize("kind", ["full", "closed"])
@pytest.mark.parametrize("command", ["http", "relay"])
def test_a_service_goes_on_without_its_output(command: str, kind: str) -> None:
    with unwritable(kind) as output:
        done = run(command, stdout=output)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "redirection"),
    [(["config", "show"], ">&-"), (["outbox", "subscribers"], ">&-"), (["users", "list"], "2>&-")],
)
def test_an_output_that_is_closed_from_the_begin_is_not_taken_for_written(
    arguments: list[str], redirection: str
) -> None:
    done = run_program(["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, *arguments], "")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: open the output, which is closed") or redirection == "2>&-"


@pytest.mark.parametrize(
    ("arguments", "redirection", "remedy"),
    [
        (["events", "archive", "--before", "2020-01-01", "--to", "archive"], "<&-", "confirm with --yes; "),
        (["events", "archive", "--before", "2020-01-01", "--to", "archive"], "2>&-", ""),
        (["erasures", "repeat", "--from", "-"], "<&-", "name a file; standard input is closed"),
        (registration_options("ada"), "<&-", "put the password on the first line of standard input"),
    ],
)
def test_a_closed_standard_stream_is_misuse(arguments: list[str], redirection: str, remedy: str) -> None:
    done = run_program(["sh", "-c", f'exec "$@" {redirection}', "sh", *COMMAND, *arguments], "y\n")
    assert (done.returncode, done.stdout) == (2, "")
    assert remedy in done.stderr
