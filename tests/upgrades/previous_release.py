"""The code of the release before this one, taken from the history of the repository."""

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
    """A release that lies unpacked in a folder, and runs on the libraries that are installed."""

    folder: Path

    @property
    def command(self) -> list[str]:
        """Return how its console script is run."""
        return [sys.executable, "-c", _RUN]

    @property
    def environment(self) -> dict[str, str]:
        """Return what has its modules found before those that are installed."""
        return {"PYTHONPATH": f"{self.folder}:{self.folder / 'adapters'}"}


def unpack_previous_release(folder: Path) -> Release:
    """Unpack the commit that the file PREVIOUS_RELEASE names; the test fails with the remedy where it is not there."""
    commit = _NAME.read_text().strip()
    # The folder may belong to somebody else than who runs the tests, as in a container.
    argv = ["git", "-c", f"safe.directory={_ROOT}", "-C", str(_ROOT), "archive", "--format=tar", commit]
    try:
        archive = subprocess.run(argv, capture_output=True, timeout=60, check=True).stdout
    except FileNotFoundError:
        pytest.fail("git is missing, which has the code of the previous release: apt-get install git")
    except subprocess.CalledProcessError as error:
        pytest.fail(
            f"the previous release, commit {commit}, is not to be had ({error.stderr.decode().strip()}): run the tests "
            "in a clone of the repository, and if that is a shallow one, after `git fetch --unshallow`"
        )
    with tarfile.open(fileobj=io.BytesIO(archive)) as files:
        files.extractall(folder, filter="data")
    return Release(folder)
