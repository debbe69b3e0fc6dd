import json

import pytest

from hexaccount.passwords.log_in import LogIn
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from tests.driving.cli.conftest import PASSWORD

NEW = "fresh as the morning dew"


def test_the_costs_are_shown_in_columns_and_one_is_proposed(run):
    result = run("hash", "calibrate")
    assert (result.exit_code, result.stderr.count("warning")) == (0, 0)
    assert result.stdout.splitlines() == [
        "COST  ONE HASH  HASHES/S",
        "   8     16 ms       128",
        "   9     31 ms        64",
        "  10     62 ms        32",
        "  11    125 ms        16",
        "  12    250 ms       8.0  proposed",
        "  13    500 ms       4.0",
        "  14     1.0 s       2.0  estimated",
        "  15     2.0 s       1.0  estimated",
        "Set password.cost to 12: a hash takes 250 ms, and 2 cores allow at most 8.0 logins a second (interleaved).",
    ]


def test_the_current_cost_is_marked(run, program):
    program.settings = type(program.settings)(store="memory://")
    assert "12    250 ms       8.0  proposed, current" in run("hash", "calibrate").stdout


def test_a_throughput_is_given_alone_or_with_a_target(run):
    alone = run("hash", "calibrate", "--logins-per-second", "1")
    assert "Set password.cost to 15" in alone.stdout
    both = run("hash", "calibrate", "--logins-per-second", "1", "--target-ms", "500")
    assert "Set password.cost to 13" in both.stdout


def test_warnings_go_to_standard_error(run):
    result = run("hash", "calibrate", "--logins-per-second", "100", "--target-ms", "250")
    assert result.exit_code == 0
    assert "Set password.cost to 8" in result.stdout
    assert "warning: the targets contradict each other" in result.stderr
    assert "warning: cost 8 is below 10, the least that OWASP recommends" in result.stderr
    assert "warning" not in result.stdout


def test_json_has_the_same_numbers(run):
    data = json.loads(run("hash", "calibrate", "--logins-per-second", "100", "--json").stdout)["data"]
    assert (data["engine"], data["cores"]) == ("interleaved", 2)
    assert data["proposal"] == {"cost": 8, "milliseconds": 15.6, "hashes_per_second": 128.0, "measured": True}
    assert [speed["cost"] for speed in data["speeds"]] == list(range(8, 16))
    assert len(data["warnings"]) == 1


def test_a_target_out_of_range_is_misuse(run):
    assert run("hash", "calibrate", "--target-ms", "0").exit_code == 2
    assert run("hash", "calibrate", "--logins-per-second", "0").exit_code == 2


def test_a_password_is_set_from_standard_input_and_ends_every_session(run, register, program, can_log_in):
    register("ada")
    access = program.service.bus.handle(LogIn(user_name="ada", password=PASSWORD))
    result = run("users", "set-password", "ada", "--password-stdin", stdin=NEW + "\n")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "ada has a new password, and is logged out everywhere.\n"
    assert (can_log_in(NEW), can_log_in(PASSWORD)) == (True, False)
    with pytest.raises(NotAuthenticated):
        program.service.bus.handle(Authenticate(token=access.token))


def test_without_a_terminal_the_error_names_the_option_and_the_password_stays(run, register, can_log_in):
    register("ada")
    result = run("users", "set-password", "ada")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "pass the password with --password-stdin; there is no terminal" in result.stderr
    assert can_log_in(PASSWORD)


@pytest.mark.parametrize(
    ("stdin", "reason"), [("hunter2\n", "too short"), ("x" * 129, "too long"), ("a\tb" * 5, "contr")]
)
def test_a_password_against_the_rules_is_refused_and_not_printed(run, register, can_log_in, stdin, reason):
    register("ada")
    result = run("users", "set-password", "ada", "--password-stdin", stdin=stdin)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: the password ")
    assert reason in result.stderr
    assert stdin.strip() not in result.output
    assert can_log_in(PASSWORD)


@pytest.mark.parametrize(
    "surplus",
    [
        [NEW],
        [NEW, "--password-stdin"],
        ["--password", NEW],
        [f"--password={NEW}"],
        [f"--password-stdin={NEW}"],
        ["--", NEW],
    ],
)
def test_a_password_on_the_command_line_is_refused_and_not_printed(run, register, can_log_in, surplus):
    register("ada")
    result = run("users", "set-password", "ada", *surplus, stdin=NEW)
    assert result.exit_code == 2
    assert "--password-stdin" in result.output
    assert "morning" not in result.output
    assert can_log_in(PASSWORD)


def test_an_unknown_account_is_refused_before_the_prompt(run):
    result = run("users", "set-password", "nobody")
    assert (result.exit_code, result.stdout, result.stderr) == (1, "", "error: there is no such user\n")
