"""The suite for capabilities finds each planted fault by the named test, and passes without one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.capability_faults import FAULTS
from tests.servers.processes import without_coverage

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
KIT = "tests/conformance/on_faulty_capabilities.py"


@pytest.fixture(scope="module")
def outcomes() -> dict[str, set[str]]:
    """Run the tests in question on the faulty capabilities, and all on the good one; return the nodes by outcome."""
    nodes = [*(f"{fault.contract}::{fault.test}" for fault in FAULTS.values()), "TestWithoutAFault"]
    plain = ["-q", "--noconftest", "-p", "no:cacheprovider", "-p", "no:xdist", "--tb=short", "-rfp"]
    output = subprocess.run(
        [sys.executable, "-m", "pytest", *plain, *(f"{KIT}::{node}" for node in nodes)],
        cwd=ROOT,
        env={
            **without_coverage(),
            "COLUMNS": "500",
            "PYTHONPATH": os.pathsep.join(
                filter(None, [str(ROOT / "examples/hexaccount_notes"), os.environ.get("PYTHONPATH")])
            ),
        },
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    ).stdout
    found: dict[str, set[str]] = {"FAILED": set(), "PASSED": set(), "ERROR": set()}
    for outcome, node in re.findall(rf"^(FAILED|PASSED|ERROR) {re.escape(KIT)}::([^\s\[]+)", output, re.MULTILINE):
        found[outcome].add(node)
    assert found["PASSED"], output
    return found


@pytest.mark.parametrize("name", FAULTS)
def test_the_kit_finds(name: str, outcomes: dict[str, set[str]]) -> None:
    fault = FAULTS[name]
    assert f"{fault.contract}::{fault.test}" in outcomes["FAILED"]


def test_the_kit_passes_without_a_fault(outcomes: dict[str, set[str]]) -> None:
    assert len([node for node in outcomes["PASSED"] if node.startswith("TestWithoutAFault")]) > 25
    assert [node for node in outcomes["FAILED"] | outcomes["ERROR"] if node.startswith("TestWithoutAFault")] == []
