import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def only(pattern: str) -> Path:
    """Return the one file in dist that matches a pattern."""
    found = list((ROOT / "dist").glob(pattern))
    assert len(found) == 1, f"run: tox -e build; found {found}"
    return found[0]


@pytest.fixture(scope="session")
def wheel() -> Path:
    return only("hexaccount-*.whl")


@pytest.fixture(scope="session")
def sdist() -> Path:
    return only("hexaccount-*.tar.gz")


@pytest.fixture(scope="session", params=["hexaccount_verifier-*.whl", "hexaccount_verifier-*.tar.gz"])
def verifier(request: pytest.FixtureRequest) -> Path:
    """Return each distribution of the verifier."""
    return only(request.param)


@pytest.fixture(scope="session")
def first_command() -> str:
    """Return the first command that the README shows."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.search(r"```sh\n(.*?)```", text, re.DOTALL)
    assert found is not None
    return found[1].strip()


@pytest.fixture
def folder() -> Iterator[Path]:
    """Yield an empty folder outside of the checkout that all users may enter, unlike those of pytest."""
    folder = Path(tempfile.mkdtemp(prefix="hexaccount-release-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def environment() -> dict[str, str]:
    """Return the environment of a new shell, with the settings by which pip finds packages."""
    wanted = re.compile(r"PIP_|(HTTPS?|NO|ALL)_PROXY$|SSL_", re.IGNORECASE)
    pip_settings = {name: value for name, value in os.environ.items() if wanted.match(name)}
    path = f"{Path(sys.executable).parent}:{os.defpath}"
    # Compiling takes half of an installation, and each of these is started only once.
    fast = {"PIP_NO_COMPILE": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return {**pip_settings, **fast, "PATH": path, "HOME": str(Path.home())}


@contextmanager
def serving(command: str, *, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a shell command that serves, in a folder and on a free port, and yield its URL."""
    port = free_port()
    argv = ["env", "-i", *(f"{name}={value}" for name, value in environment.items())]
    argv += ["bash", "-c", f"{command} --port {port}"]
    url = f"http://127.0.0.1:{port}"
    with RunningCommand(argv, output=folder / "output", cwd=folder) as running:
        running.wait_for_ok(f"{url}/health", timeout=240)
        yield url
