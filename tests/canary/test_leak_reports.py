"""A leak fails its test and the run, and the report does not contain the secret."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.canary.plugin import WATCH

pytestmark = pytest.mark.long


ROOT = Path(__file__).parents[2]


PLANTED = """
import logging
import os

import pytest

TOKEN = ".".join(["eyJhbGciOiJIUzI1NiJ9", "eyJzdWIiOiJ0d2VldHkifQ", "c2lnbmF0dXJlcyBhcmUgbG9uZ2Vy"])


@pytest.fixture(scope="module")
def parting():
    yield
    logging.getLogger("planted").error("%s", TOKEN)


def test_that_leaks():
    logging.getLogger("planted").info("%s", TOKEN)


def test_that_does_not():
    pass


def test_with_a_module_that_leaks(parting):
    pass
"""


PLANTED_CONFTEST = """
import logging
import os


def pytest_sessionfinish():
    logging.getLogger("planted").error("Bearer aGFyZGx5IGEgdG9rZW4aGFyZGx5IGEgdG9rZW4")
"""


def run_pytest(folder: Path) -> subprocess.CompletedProcess[str]:
    plugins = ["-p", "tests.run_checks", "-p", "tests.canary.plugin", "-p", "no:cacheprovider"]
    (folder / "none.ini").write_text("[pytest]\n")
    # pytest repeats whole messages in its summary where it believes to run in CI: one output to compare everywhere.
    environ = {name: value for name, value in os.environ.items() if name not in {"CI", "BUILD_NUMBER"}}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, "-c", str(folder / "none.ini"), str(folder)],
        cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def test_a_leak_fails_its_test_and_is_reported_without_the_secret(tmp_path: Path, leak) -> None:
    (tmp_path / "test_planted.py").write_text(PLANTED)
    completed = run_pytest(tmp_path)
    assert completed.returncode == 1, completed.stderr
    assert "3 passed, 2 errors" in completed.stdout
    for name in ("test_that_leaks", "test_with_a_module_that_leaks"):
        assert f"ERROR at teardown of {name}" in completed.stdout
    assert completed.stdout.count("a signed token appears in a log record of planted (test_planted.py:") == 2
    assert "eyJhbGciOiJIUzI1NiJ9.eyJzdWIi" not in completed.stdout
    assert "2 log records, 0 secrets known" in completed.stdout


def test_a_leak_after_the_last_test_fails_the_run(tmp_path: Path, leak) -> None:
    (tmp_path / "test_planted.py").write_text("def test_that_does_not_leak():\n    pass\n")
    (tmp_path / "conftest.py").write_text(PLANTED_CONFTEST)
    completed = run_pytest(tmp_path)
    assert completed.returncode == 1, completed.stderr
    assert "1 passed" in completed.stdout
    assert "after the last test: secrets leaked: a credential of a header appears in" in completed.stdout


def test_the_canary_is_loaded_where_http_is_tested(pytestconfig: pytest.Config) -> None:
    assert pytestconfig.pluginmanager.has_plugin("tests.canary.plugin")
    assert pytestconfig.pluginmanager.get_plugin("tests.canary.plugin").WATCH is WATCH
