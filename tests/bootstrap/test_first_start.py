"""A first start in a folder where this user may not write names the folder and the remedy."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from subprocess import CompletedProcess
from typing import TypeAlias

import pytest

from tests.permissions import WITHOUT_RIGHTS
from tests.servers.processes import console_command, without_coverage
from tests.signing_key import SIGNING_KEY

Start: TypeAlias = Callable[..., CompletedProcess[str]]

KEY = {"HEXACCOUNT_JWT__KEY": SIGNING_KEY}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for each in (tmp_path, *tmp_path.iterdir()):
        each.chmod(0o700)


@pytest.fixture
def start(folder: Path) -> Start:
    def start(*arguments: str, **settings: str) -> CompletedProcess[str]:
        command = [*WITHOUT_RIGHTS, *console_command("hexaccount"), *arguments]
        environment = {**without_coverage(), **settings}
        return subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60
        )

    return start


@pytest.mark.parametrize(("command", "settings"), [("migrate", {}), ("migrate", KEY), ("http", {})])
def test_a_folder_that_cannot_be_written_is_named(
    start: Start, folder: Path, command: str, settings: dict[str, str]
) -> None:
    folder.chmod(0o555)
    done = start(command, **settings)
    assert (done.returncode, done.stdout) == (3, "")
    allowed = f"error: let user {os.geteuid()} write {folder}: its mode is 555 (chmod)"
    assert done.stderr.startswith(f"{allowed}; or start in another folder, or set HEXACCOUNT_STORE and HEXACCOUNT_JWT")
    assert done.stderr.endswith("; hexaccount-data: Permission denied\n")
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(("command", "mode"), [("migrate", 0o555), ("http", 0)])
def test_a_data_directory_that_cannot_be_written_is_named(start: Start, folder: Path, command: str, mode: int) -> None:
    data = folder / "hexaccount-data"
    data.mkdir(mode)
    done = start(command)
    data.chmod(0o700)
    assert (done.returncode, done.stdout) == (3, "")
    action = "write" if mode else "enter"
    assert done.stderr.startswith(f"error: let user {os.geteuid()} {action} {data}: its mode is {mode:o} (chmod); or ")
    assert list(data.iterdir()) == []


def test_a_store_in_a_closed_folder_cannot_be_opened(start: Start, folder: Path) -> None:
    (folder / "closed").mkdir(0)
    done = start("users", "list", **KEY, HEXACCOUNT_STORE="sqlite:///closed/accounts.db")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith(f"error: let user {os.geteuid()} enter {folder}/closed: its mode is 0 (chmod); ")
