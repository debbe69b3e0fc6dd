import json
from uuid import UUID

import pytest

from tests.people import log_in


def test_an_account_is_erased_after_a_question(run, ada):
    refused = run("users", "erase", "ada", stdin="n\n")
    assert (refused.exit_code, refused.stdout) == (130, "")
    assert "Erase ada for good?" in refused.stderr
    assert run("users", "show", "ada").exit_code == 0

    erased = run("users", "erase", "ada", stdin="y\n")
    assert (erased.exit_code, erased.stdout) == (0, "ada is erased.\n")
    assert run("users", "show", "ada").exit_code == 1


def test_the_event_of_an_erasure_has_its_reason(run, ada, program):
    assert run("users", "erase", ada, "--yes", "--reason", "a letter").exit_code == 0

    *_, erased = json.loads(run("events", "list", ada, "--json").stdout)["data"]
    assert (erased["type"], erased["reason"]) == ("hexaccount.user.erased.v1", "a letter")
    assert run("events", "list", "ada").exit_code == 1
    assert run("events", "list", str(UUID(int=7))).exit_code == 1


def test_an_exported_list_erases_again_what_a_backup_has_brought_back(run, register, ada, program, tmp_path):
    romeo = register("romeo")
    log_in(program.service.bus, "romeo")
    assert run("users", "erase", "ada", "--yes").exit_code == 0
    exported = run("erasures", "export")
    assert [json.loads(line)["account_id"] for line in exported.stdout.splitlines()] == [ada]
    assert run("erasures", "repeat").stdout == "Erased again: 0.\n"

    file = tmp_path / "erasures"
    file.write_text(exported.stdout + json.dumps({"account_id": romeo, "erased_at": "2026-11-30T00:00:00Z"}) + "\n\n")

    assert run("erasures", "repeat", "--from", str(file)).stdout == "Erased again: 1.\n"
    assert run("users", "show", "romeo").exit_code == 1


@pytest.mark.parametrize(
    "line", ["no JSON", "{}", "[]", '{"account_id": 7}', '{"account_id": "ada", "erased_at": "2026-11-30"}']
)
def test_a_file_that_is_no_list_erases_nothing(run, ada, tmp_path, line):
    file = tmp_path / "erasures"
    file.write_text(json.dumps({"account_id": ada, "erased_at": "2026-11-30"}) + "\n" + line + "\n")

    result = run("erasures", "repeat", "--from", str(file))

    assert result.exit_code == 2
    assert "line 2 of" in result.stderr
    assert "nothing was erased" in " ".join(result.stderr.split())
    assert run("users", "show", "ada").exit_code == 0
