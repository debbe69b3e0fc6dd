"""Clients that generators write from the API document, compiled strictly and used on a real service."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests.documented.application import document
from tests.servers.processes import without_coverage

pytestmark = pytest.mark.long

EXAMPLE = Path(__file__).parents[2] / "examples" / "clients"
SHOWN = {
    "name": "Ada",
    "conflict": "user_name_taken",
    "unauthorized": "invalid_token",
    "invalid": ["/email", "/password"],
}
Serving = Callable[..., AbstractContextManager[tuple[object, str]]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the example with the API document."""
    copied = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("generated") / "clients")
    (copied / "swagger.json").write_text(json.dumps(document()))
    return copied


def run(argv: list[str | Path], folder: Path, **options: Any) -> str:
    """Return the output of a program, which has to succeed."""
    outcome = subprocess.run(argv, cwd=folder, capture_output=True, text=True, timeout=280, check=False, **options)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return outcome.stdout


def shown_by(argv: list[str | Path], folder: Path, serving: Serving, **options: Any) -> Any:
    with serving(HEXACCOUNT_STORE="memory://") as (_, url):
        return json.loads(run([*argv, url], folder, **options))


@pytest.fixture(scope="module")
def python(folder: Path) -> Path:
    """Return the programs of a virtual environment, and have openapi-python-client write its client into `folder`."""
    programs = folder / "venv" / "bin"
    run([sys.executable, "-m", "venv", "--without-pip", programs.parent], folder)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--python", programs / "python"]
    run([*pip, "install", "--quiet", "--no-compile", "-r", "requirements.txt"], folder, env=without_coverage())
    generate = ["generate", "--path", "swagger.json", "--config", "openapi-python-client.yaml", "--meta", "none"]
    run([programs / "openapi-python-client", *generate, "--fail-on-warning"], folder, env={"PATH": str(programs)})
    return programs


def test_openapi_python_client_describes_every_response_and_its_client_is_used(
    folder: Path, python: Path, serving: Serving
) -> None:
    assert shown_by([python / "python", "python_client.py"], folder, serving, env={}) == SHOWN


def test_the_client_of_openapi_python_client_is_typed_strictly(folder: Path, python: Path) -> None:
    # Not accounts_client/client.py, which is the same for every document and not strict itself.
    mypy: list[str | Path] = [python / "mypy", "--strict", "--follow-imports", "silent", "python_client.py"]
    run([*mypy, "accounts_client/api", "accounts_client/models"], folder)


def test_generators_of_typescript_write_clients_that_compile_strictly_and_are_used(
    folder: Path, serving: Serving
) -> None:
    run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"], folder)
    run(["npm", "run", "lint"], folder)  # spectral fails at a hint, redocly at an error only
    linted = json.loads(run(["npx", "redocly", "lint", "swagger.json", "--format=json"], folder))
    assert linted["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}
    assert "warn" not in run(["npm", "run", "generate"], folder).lower()
    run(["npm", "run", "check"], folder)
    run(["npm", "run", "build"], folder)
    shown = {name: shown_by(["node", f"build/{name}.js"], folder, serving) for name in ("fetch", "orval", "hey")}
    assert shown == dict.fromkeys(shown, SHOWN)
