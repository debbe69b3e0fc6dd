import json

import pytest

from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount_click.program import ConfigurationError
from tests.driving.cli.conftest import Run
from tests.driving.cli.memory_program import MemoryProgram

WELL = Finding(part="key", verdict=Verdict.OK, message="it can sign")
TO_DO = Finding(part="schema", verdict=Verdict.TO_DO, message="there is none", remedy="Run: hexaccount migrate")
AWAY = Finding(part="cache", verdict=Verdict.UNREACHABLE, message="Redis cannot be reached", remedy="Start it.")


@pytest.mark.parametrize(
    ("findings", "code"),
    [([], 0), ([WELL], 0), ([WELL, AWAY], 3), ([WELL, TO_DO], 1), ([AWAY, TO_DO, WELL], 1)],
)
def test_the_exit_code_is_1_for_a_problem_and_3_for_an_unreachable_part(
    run: Run, program: MemoryProgram, findings: list[Finding], code: int
) -> None:
    program.findings = findings
    assert run("doctor").exit_code == run("doctor", "--json").exit_code == code


def test_each_part_has_a_line_with_its_remedy_below(run: Run, program: MemoryProgram) -> None:
    program.findings = [WELL, TO_DO, AWAY]
    well, to_do, away = (verdict.value for verdict in (Verdict.OK, Verdict.TO_DO, Verdict.UNREACHABLE))
    width = max(map(len, (well, to_do, away)))
    assert run("doctor").stdout.splitlines() == [
        f"settings  {well:{width}}  valid; `hexaccount config show` shows them",
        f"key       {well:{width}}  it can sign",
        f"schema    {to_do:{width}}  there is none",
        f"          {'':{width}}  Run: hexaccount migrate",
        f"cache     {away:{width}}  Redis cannot be reached",
        f"          {'':{width}}  Start it.",
    ]


def test_json_has_the_same_findings(run: Run, program: MemoryProgram) -> None:
    program.findings = [TO_DO]
    assert json.loads(run("doctor", "--json").stdout)["data"][1:] == [
        {"part": "schema", "verdict": "to_do", "message": "there is none", "remedy": "Run: hexaccount migrate"}
    ]


def test_invalid_settings_are_the_only_finding(run: Run, program: MemoryProgram) -> None:
    program.configure_error = ConfigurationError("jwt.key cannot be used: it has 5 bytes")
    program.findings = [WELL]
    result = run("doctor")
    assert (result.exit_code, result.stderr) == (2, "")
    assert result.stdout == "settings  to do  jwt.key cannot be used: it has 5 bytes\n"
    assert json.loads(run("doctor", "--json").stdout)["data"][0]["verdict"] == "to_do"


def test_findings_are_printed_without_control_characters(run: Run, program: MemoryProgram) -> None:
    program.findings = [Finding(part="store", verdict=Verdict.UNREACHABLE, message="\x1b[2J", remedy="\x1b[2J")]
    assert "\x1b" not in run("doctor").stdout
