"""The code of the previous release, from the history of the repository."""

import io
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_NAME = Path(__file__).with_name("PREVIOUS_RELEASE")
_RUN = "from hexaccount.bootstrap.console import main; main()"


@dataclass(frozen=True)
class Release:
    """A release unpacked in a folder; it runs with the installed libraries."""

    folder: Path

    @property
    def command(self) -> list[str]:
        """Return the command line of its console script."""
        return [sys.executable, "-c", _RUN]

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables that put its modules before the installed ones."""
        return {"PYTHONPATH": f"{self.folder}:{self.folder / 'adapters'}"}


def unpack_previous_release(folder: Path) -> Release:
    """Unpack the commit that the file PREVIOUS_RELEASE names; fails the test if the history does not have it."""
    commit = _NAME.read_text().strip()
    # In a container the folder may belong to another user, which git refuses otherwise.
    argv = ["git", "-c", f"safe.directory={_ROOT}", "-C", str(_ROOT), "archive", "--format=tar", commit]
    try:
        archive = subprocess.run(argv, capture_output=True, timeout=60, check=True).stdout
    except FileNotFoundError:
        pytest.fail("install git, which reads the code of the previous release: apt-get install git")
    except subprocess.CalledProcessError as error:
        pytest.fail(
            "run the tests in a clone of the repository, and in a shallow clone after `git fetch --unshallow`: the "
            f"previous release, commit {commit}, is not in its history ({error.stderr.decode().strip()})"
        )
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return Release(folder)
