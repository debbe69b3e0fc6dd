"""Whatever is wrong with a file or a folder, every command names it with the remedy, and calls it no bug."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any, TypeAlias

import pytest

from tests.servers import forked
from tests.servers.processes import console_command, without_coverage
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

Run: TypeAlias = Callable[..., CompletedProcess[str]]
Spoil: TypeAlias = Callable[[Path], object]

SERVING = {"http": ["http", "--port", "0"], "realtime": ["realtime", "--port", "0"], "relay": ["relay"]}
COMMANDS = SERVING | {"migrate": ["migrate"], "users": ["users", "list"], "doctor": ["doctor"]}
OTHER_COMMANDS = [
    ["users", "logout-all"],
    ["keys", "list"],
    ["events", "list", "ada"],
    ["events", "archive", "--before", "2020-01-01", "--to", "archive", "--yes"],
    ["events", "restore", "archive"],
    ["events", "replay", "profiles", "--yes"],
    ["outbox", "list"],
    ["outbox", "subscribers"],
    ["outbox", "unsubscribe", "crm", "--yes"],
    ["purge"],
    ["erasures", "export"],
    ["erasures", "repeat"],
]
DATA, KEY, DATABASE = "hexaccount-data", "hexaccount-data/jwt.key", "hexaccount-data/hexaccount.db"


def replaced_by_link(name: str, target: str = "/nowhere/else") -> Spoil:
    def spoil(folder: Path) -> None:
        removed(name)(folder)
        (folder / name).symlink_to(target)

    return spoil


def replaced_by_folder(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        removed(name)(folder)
        (folder / name).mkdir(0o755)

    return spoil


def replaced_by_file(name: str, content: bytes = b"") -> Spoil:
    def spoil(folder: Path) -> None:
        removed(name)(folder)
        (folder / name).touch(0o600)
        (folder / name).write_bytes(content)

    return spoil


def removed(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() else path.unlink()

    return spoil


def closed(name: str, mode: int = 0) -> Spoil:
    return lambda folder: (folder / name).chmod(mode)


def given_away(name: str) -> Spoil:
    def spoil(folder: Path) -> None:
        if os.geteuid() == 0:
            os.chown(folder / name, 4242, 4242)
        else:  # which explains another mode of the same kind
            (folder / name).chmod(0)

    return spoil


OF_ALL: dict[str, tuple[Spoil, str]] = {
    "a closed data folder": (closed(DATA), f"let user .* (read|enter) .*/{DATA}: its mode is 0"),
    "a data folder of another user": (given_away(DATA), f"{DATA},? .*belongs to user 4242|its mode is 0"),
    "a data folder that is a file": (replaced_by_file(DATA), f"move .*/{DATA} away, which is no folder"),
    "a data folder that is a link to nothing": (
        replaced_by_link(DATA),
        f"make /nowhere/else, to which the link .*/{DATA} points, or remove the link",
    ),
    "a data folder that can only be read": (closed(DATA, 0o500), f"let user .* write .*/{DATA}: its mode is 500"),
    "a database that is a folder": (replaced_by_folder(DATABASE), f"move .*/{DATABASE} away, which is a folder"),
    "a database that is a link to nothing": (
        replaced_by_link(DATABASE),
        f"make /nowhere/else, to which the link .*/{DATABASE} points, or remove the link",
    ),
    "a closed database": (closed(DATABASE), f"let user .* read .*/{DATABASE}: its mode is 0"),
    "a database that can only be read": (closed(DATABASE, 0o400), f"let user .* write .*/{DATABASE}: its mode is 400"),
    "a database that is something else": (
        replaced_by_file(DATABASE, b"something else" * 999),
        "not a database; restore it from a backup|Restore it from a backup",
    ),
}
OF_THE_KEY: dict[str, tuple[Spoil, str]] = {
    "a closed key": (closed(KEY), f"{KEY} cannot be read: Permission denied; let user .* read .*/{KEY}: its mode is 0"),
    "a key that is a folder": (replaced_by_folder(KEY), f"move .*/{KEY} away, which is a folder"),
    "a key that is a link to nothing": (
        replaced_by_link(KEY),
        f"make /nowhere/else, to which the link .*/{KEY} points, or remove the link",
    ),
    "a key that is a link to itself": (replaced_by_link(KEY, "jwt.key"), "correct the links, which lead in a circle"),
    "an empty key": (replaced_by_file(KEY), f"{KEY} is empty"),
    "a key in UTF-16": (replaced_by_file(KEY, SIGNING_KEY.encode("utf-16")), f"{KEY} is UTF-16 text"),
}


def every_third_and_slow_others(faults: Iterable[str]) -> list[Any]:
    """Return each fault with two commands, and so each command with several faults; all pairs are in the slow tests."""
    return [
        pytest.param(fault, command, marks=[pytest.mark.slow] * ((number + turn) % 3 > 0))
        for number, fault in enumerate(faults)
        for turn, command in enumerate(COMMANDS)
    ]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared")
    done = forked.run(["migrate"], env=dict(os.environ), cwd=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(prepared: Path, tmp_path: Path) -> Iterator[Path]:
    """Give a folder with a data folder, which the test may spoil."""
    folder = tmp_path / "here"
    shutil.copytree(prepared, folder)
    yield folder
    for path in (folder, folder / DATA):
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o700)


@pytest.fixture
def run(folder: Path, environment: dict[str, str]) -> Run:
    def run(*arguments: str, **settings: str) -> CompletedProcess[str]:
        env = {**os.environ, **environment, "HEXACCOUNT_LOG__LEVEL": "info", **settings}
        return forked.run(arguments, cwd=folder, env=env, bound=True)

    return run


def assert_explained(done: CompletedProcess[str], remedy: str) -> None:
    shown = done.stdout + done.stderr
    assert done.returncode in ({1} if "doctor" in done.args else {2, 3}), shown
    for words in ("Traceback", "a bug in", "fault of hexaccount"):
        assert words not in shown
    assert re.search(remedy, shown, re.IGNORECASE), shown


@pytest.mark.parametrize(("fault", "command"), every_third_and_slow_others(OF_ALL))
def test_every_command_explains(fault: str, command: str, folder: Path, run: Run) -> None:
    spoil, remedy = OF_ALL[fault]
    spoil(folder)
    assert_explained(run(*COMMANDS[command]), remedy)


@pytest.mark.parametrize("command", OTHER_COMMANDS, ids=" ".join)
def test_no_command_is_without_an_explanation(command: list[str], folder: Path, run: Run) -> None:
    (folder / DATA).chmod(0)
    assert_explained(run(*command), f"let user .* enter .*/{DATA}: its mode is 0")


@pytest.mark.parametrize(("fault", "command"), every_third_and_slow_others(OF_THE_KEY))
def test_every_command_that_needs_the_key_explains(fault: str, command: str, folder: Path, run: Run) -> None:
    spoil, remedy = OF_THE_KEY[fault]
    spoil(folder)
    assert_explained(run(*COMMANDS[command]), remedy)


def made_file(name: str, mode: int = 0o600, content: bytes = b"") -> Spoil:
    def make(folder: Path) -> None:
        (folder / name).touch()
        (folder / name).write_bytes(content)
        (folder / name).chmod(mode)

    return make


def made_folder(name: str, mode: int = 0o700) -> Spoil:
    def make(folder: Path) -> None:
        (folder / name).mkdir()
        (folder / name / "manifest.json").touch()
        (folder / name).chmod(mode)

    return make


def made_link(name: str) -> Spoil:
    return lambda folder: (folder / name).symlink_to("/nowhere/else")


def nothing(_folder: Path) -> None:
    """Leave the folder as it is."""


CONFIG = ["--config", "given", "config", "show"]
SECRET = ["config", "show"]
WRITE = ["events", "archive", "--before", "2020-01-01", "--to", "given/archive", "--yes"]
READ = ["events", "restore", "given"]
REPLAY = ["events", "replay", "profiles", "--archive", "given", "--yes"]
LIST = ["erasures", "repeat", "--from", "given"]
LINKED = "make /nowhere/else, to which the link .*/given points, or remove the link"
GIVEN: list[tuple[list[str], Spoil, str]] = [
    (CONFIG, nothing, "cannot be read: No such file or directory; make .*/given, or name another path"),
    (CONFIG, made_folder("given"), "cannot be read: Is a directory; .* move .*/given away, which is a folder"),
    (CONFIG, made_file("given", 0), "cannot be read: Permission denied; let user .* read .*/given: its mode is 0"),
    (CONFIG, made_link("given"), LINKED),
    (CONFIG, made_file("given", content="log".encode("utf-16")), "the settings file given is UTF-16 text"),
    (SECRET, nothing, "^error: jwt.issuer: the file given, .* cannot be read: .*; make .*/given, or name"),
    (SECRET, made_folder("given"), "move .*/given away, which is a folder"),
    (SECRET, made_file("given", 0), "let user .* read .*/given: its mode is 0"),
    (SECRET, made_link("given"), LINKED),
    (WRITE, made_file("given"), "move .*/given away, which is no folder"),
    (WRITE, made_folder("given", 0o600), "let user .* enter .*/given: its mode is 600"),
    (WRITE, made_link("given"), LINKED),
    (READ, made_folder("given", 0o300), "let user .* read .*/given: its mode is 300"),
    (READ, made_folder("given", 0o600), "let user .* enter .*/given: its mode is 600"),
    (READ, made_link("given"), LINKED),
    (REPLAY, made_folder("given", 0o600), "let user .* enter .*/given: its mode is 600"),
    (REPLAY, made_link("given"), LINKED),
    (LIST, nothing, "make .*/given, or name another path; given: No such file or directory"),
    (LIST, made_folder("given"), "move .*/given away, which is a folder"),
    (LIST, made_file("given", 0), "let user .* read .*/given: its mode is 0"),
    (LIST, made_link("given"), LINKED),
    (LIST, made_file("given", content="{}".encode("utf-16")), "line 1 of given is not one of `hexaccount erasures exp"),
]


@pytest.mark.parametrize("number", range(len(GIVEN)))
def test_a_file_or_folder_that_was_given_is_explained(number: int, folder: Path, run: Run) -> None:
    arguments, spoil, remedy = GIVEN[number]
    spoil(folder)
    settings = {"HEXACCOUNT_JWT__ISSUER_FILE": "given"} if arguments is SECRET else {}
    assert_explained(run(*arguments, **settings), remedy)
    if (folder / "given").is_dir() and not (folder / "given").is_symlink():
        (folder / "given").chmod(0o700)


def run_console(argv: list[str], folder: Path, environment: dict[str, str]) -> CompletedProcess[str]:
    env = {**without_coverage(), **environment, "HEXACCOUNT_LOG__LEVEL": "info"}
    return subprocess.run(argv, cwd=folder, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", ["http", *(pytest.param(each, marks=pytest.mark.slow) for each in [*COMMANDS][1:])])
def test_a_current_folder_that_was_removed_is_named(command: str, folder: Path, environment: dict[str, str]) -> None:
    argv = ["sh", "-c", 'rmdir "$PWD"; exec "$@"', "sh", *console_command("hexaccount"), *COMMANDS[command]]
    gone = folder / "gone"
    gone.mkdir()
    done = run_console(argv, gone, environment)
    done.args = COMMANDS[command]
    assert_explained(done, "change to another folder; the current one was removed")


@pytest.mark.parametrize("limit", [5, 6])
def test_too_many_open_files_are_named(limit: int, folder: Path, environment: dict[str, str]) -> None:
    argv = ["sh", "-c", f'ulimit -n {limit}; exec "$@"', "sh", *console_command("hexaccount"), "users", "list"]
    done = run_console(argv, folder, environment)
    assert done.returncode == 0 or "ulimit -n" in done.stderr, done.stderr


def test_a_key_and_a_folder_that_can_only_be_read_are_enough_for_another_store(folder: Path, run: Run) -> None:
    elsewhere = {"HEXACCOUNT_STORE": "sqlite:///accounts.db"}
    (folder / KEY).chmod(0o400)
    (folder / DATA).chmod(0o500)
    for command in (["migrate"], ["users", "list"], ["doctor"]):
        done = run(*command, **elsewhere)
        assert done.returncode == 0, done.stdout + done.stderr
    assert "to do" not in done.stdout
