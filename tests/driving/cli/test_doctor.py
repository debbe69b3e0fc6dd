import json

import pytest

from hexaccount.observability.diagnosis import Finding, Verdict
from hexaccount.store_kit.store import SchemaTooNew
from hexaccount_click.program import ConfigurationError
from tests.driving.cli.conftest import Run
from tests.driving.cli.memory_program import MemoryProgram

WELL = Finding(part="key", verdict=Verdict.WELL, message="it can sign")
TO_DO = Finding(part="schema", verdict=Verdict.TO_DO, message="there is none", remedy="Run: hexaccount migrate")
AWAY = Finding(part="cache", verdict=Verdict.AWAY, message="Redis cannot be reached", remedy="Start it.")


@pytest.mark.parametrize(
    ("findings", "code"),
    [([], 0), ([WELL], 0), ([WELL, AWAY], 3), ([WELL, TO_DO], 1), ([AWAY, TO_DO, WELL], 1)],
)
def test_the_exit_code_says_whether_something_is_to_be_done_or_is_away(
    run: Run, program: MemoryProgram, findings: list[Finding], code: int
) -> None:
    program.findings = findings
    assert run("doctor").exit_code == run("doctor", "--json").exit_code == code


def test_each_part_has_a_line_and_what_to_do_stands_below(run: Run, program: MemoryProgram) -> None:
    program.findings = [WELL, TO_DO, AWAY]
    assert run("doctor").stdout.splitlines() == [
        "settings  well   they can be used; `hexaccount config show` shows them",
        "key       well   it can sign",
        "schema    to do  there is none",
        "                 Run: hexaccount migrate",
        "cache     away   Redis cannot be reached",
        "                 Start it.",
    ]


def test_programs_get_json(run: Run, program: MemoryProgram) -> None:
    program.findings = [TO_DO]
    assert json.loads(run("doctor", "--json").stdout)["data"][1:] == [
        {"part": "schema", "verdict": "to_do", "told": "there is none", "remedy": "Run: hexaccount migrate"}
    ]


def test_settings_that_cannot_be_are_the_one_finding_there_is(run: Run, program: MemoryProgram) -> None:
    program.misconfigured = ConfigurationError("jwt.key is shorter than 32 bytes; make one")
    program.findings = [WELL]
    result = run("doctor")
    assert (result.exit_code, result.stderr) == (2, "")
    assert result.stdout == "settings  to do  jwt.key is shorter than 32 bytes; make one\n"
    assert json.loads(run("doctor", "--json").stdout)["data"][0]["verdict"] == "to_do"


def test_what_it_shows_moves_no_cursor(run: Run, program: MemoryProgram) -> None:
    program.findings = [Finding(part="store", verdict=Verdict.AWAY, message="\x1b[2J", remedy="\x1b[2J")]
    assert "\x1b" not in run("doctor").stdout


def test_a_schema_that_is_too_new_is_not_told_to_be_migrated(run: Run, program: MemoryProgram) -> None:
    program.trouble = SchemaTooNew("install a newer one")
    assert run("users", "list").stderr == "error: install a newer one\n"
