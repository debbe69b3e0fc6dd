import logging

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.store_kit.store import SchemaMissing, SchemaTooNew, SchemaTooOld
from hexaccount_click.errors import NEXT_STEPS
from hexaccount_click.program import ConfigurationError, Unavailable

ANY_ID = "0198c000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (UserNotFound(), 1),
        (ConfigurationError("store: memory:// is one process; set HEXACCOUNT_STORE"), 2),
        (StoreUnavailable(), 3),
        (HashingOverloaded(2), 3),
        (StaleVersion("user", ANY_ID), 3),
        (SchemaTooNew("install a newer version"), 3),
        (Unavailable("cannot listen on 127.0.0.1 port 80: choose another with --port"), 3),
    ],
)
def test_each_failure_has_an_exit_code_and_one_line(run, program, error, code):
    program.open_error = error
    result = run("users", "list")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"error: {error}\n"


@pytest.mark.parametrize("error", [SchemaMissing("there is no schema"), SchemaTooOld("the schema is too old")])
def test_a_schema_to_migrate_is_unavailable_and_the_command_comes_first(run, program, error):
    program.open_error = error
    result = run("outbox", "list")
    assert (result.exit_code, result.stderr) == (3, f"error: run `hexaccount migrate`; {error}\n")


@pytest.mark.parametrize("code", NEXT_STEPS)
def test_the_next_step_for_an_error_is_found_by_its_code(run, program, code):
    program.open_error = type("AnyRefusal", (Refusal,), {"code": code})("it is refused")
    assert run("users", "list").stderr == f"error: {NEXT_STEPS[code]}; it is refused\n"


def test_invalid_settings_are_misuse(run, program):
    program.configure_error = ConfigurationError("jwt.key cannot be used: it has 5 bytes")
    result = run("http")
    assert (result.exit_code, result.stderr) == (2, "error: jwt.key cannot be used: it has 5 bytes\n")
    assert not program.served


@pytest.mark.parametrize(
    "args", [["nope"], ["users", "nope"], ["--nope"], ["users", "show"], ["users", "show", "a", "b"], ["migrate", "x"]]
)
def test_misuse_is_reported_in_two_lines_with_the_help_command(run, args):
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("Try 'hexaccount ")
    assert hint.endswith(" --help' for help.")


@pytest.mark.parametrize(
    ("args", "suggested"), [(["user"], "'users'"), (["migrat"], "'migrate'"), (["users", "lst"], "'list'")]
)
def test_a_misspelled_command_gets_suggestions(run, args, suggested):
    result = run(*args)
    assert result.exit_code == 2
    assert f"Did you mean {suggested}?" in result.stderr or f"Did you mean one of: {suggested}" in result.stderr


@pytest.mark.parametrize("args", [[], ["users"], ["outbox"], ["config"]])
def test_a_group_without_a_command_is_misuse_and_lists_its_commands(run, args):
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: hexaccount ")
    assert "Commands:" in result.stderr


@pytest.mark.parametrize("args", [["--help"], ["users", "list", "--help"], ["http", "-h"]])
def test_help_does_not_depend_on_the_settings(run, program, args):
    program.configure_error = ConfigurationError("broken")
    result = run(*args)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: hexaccount ")


def test_an_unexpected_error_prints_neither_a_traceback_nor_its_text(run, program):
    program.open_error = RuntimeError("INSERT INTO users VALUES ('hunter2hunter2')")
    result = run("users", "list")
    assert (result.exit_code, result.stdout) == (70, "")
    assert result.stderr.startswith("error: run the command again with HEXACCOUNT_LOG__LEVEL=debug")
    assert "unexpected RuntimeError at memory_program.py:" in result.stderr
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.stderr


def test_an_unexpected_error_is_not_logged_by_default(run, program, caplog):
    program.open_error = RuntimeError("broken")
    with caplog.at_level(logging.INFO, logger="hexaccount.cli"):
        run("users", "list")
    assert not caplog.records


def test_the_debug_log_has_the_traceback_of_an_unexpected_error(run, program, caplog):
    program.open_error = RuntimeError("broken")
    with caplog.at_level(logging.DEBUG, logger="hexaccount.cli"):
        run("users", "list")
    assert "RuntimeError: broken" in caplog.text


def test_an_error_is_printed_without_control_characters(run, program):
    program.open_error = StoreUnavailable("no\x1b[2J\u202eanswer")
    assert run("users", "list").stderr == "error: no\\x1b[2J\\u202eanswer\n"


def test_an_interrupt_exits_silently_with_the_code_of_its_signal(run, program):
    program.open_error = KeyboardInterrupt()
    result = run("http")
    assert (result.exit_code, result.output) == (130, "\n")


@pytest.mark.parametrize(("error", "code"), [(KeyboardInterrupt(), 130), (StoreUnavailable(), 3)])
def test_an_error_while_closing_has_its_exit_code(run, program, error, code):
    program.close_error = error
    result = run("users", "list")
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["users", "list"], None),
        (["users", "list"], StoreUnavailable()),
        (["users", "list"], RuntimeError()),
        (["users", "list"], KeyboardInterrupt()),
        (["users", "list"], SystemExit(5)),
        (["--help"], None),
        (["nope"], None),
    ],
)
def test_the_program_is_always_closed_once(run, program, args, error):
    program.open_error = error
    run(*args)
    assert program.closed == 1
