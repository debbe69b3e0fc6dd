"""The conformance kit finds each planted bug by the named test, and passes without a bug."""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conformance.planted import BUGS
from tests.servers.processes import without_coverage

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
KIT = "tests/conformance/on_planted.py"


def run_kit(*options: str, nodes: Iterable[str]) -> str:
    """Run tests of the kit in a separate process, and return its output."""
    plain = ["-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    output = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *options, *(f"{KIT}::{node}" for node in nodes)],
        cwd=ROOT,
        env={**without_coverage(), "COLUMNS": "500", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return output.stdout + output.stderr


def without_a_bug() -> set[str]:
    """Return the nodes of the same tests on the stores without a bug."""
    classes = {"memory": "TestWithoutABug", "sqlite": "TestSqliteWithoutABug"}
    return {f"{classes[bug.on]}::Test{bug.suite}::{bug.test}" for bug in BUGS.values()}


@pytest.fixture(scope="module")
def outcomes() -> dict[str, set[str]]:
    """Run the tests in question, each on the store with its bug and on the one without; return the nodes by outcome."""
    output = run_kit("--tb=no", "-rfp", nodes=[*(bug.node for bug in BUGS.values()), *sorted(without_a_bug())])
    found: dict[str, set[str]] = {"FAILED": set(), "PASSED": set()}
    for outcome, node in re.findall(rf"^(FAILED|PASSED) {re.escape(KIT)}::([^\s\[]+)", output, re.MULTILINE):
        found[outcome].add(node)
    assert found["PASSED"], output
    return found


@pytest.mark.parametrize("name", BUGS)
def test_the_kit_finds(name: str, outcomes: dict[str, set[str]]) -> None:
    assert BUGS[name].node in outcomes["FAILED"]


def test_the_kit_passes_without_a_bug(outcomes: dict[str, set[str]]) -> None:
    assert without_a_bug() - outcomes["PASSED"] == set()
    assert without_a_bug() & outcomes["FAILED"] == set()


def test_a_failure_shows_the_compared_values_and_names_the_guarantee_that_the_store_broke() -> None:
    output = run_kit(nodes=[BUGS["failures_are_not_counted"].node, BUGS["leases_are_ignored"].node])
    assert "assert (0, 0) == (1, 0)" in output
    assert "A claim holds for its lease; the events of an aggregate are claimed in order." in output
    assert "This test: nothing is claimed twice during a lease." in output
