import logging

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_click.program import ConfigurationError, Unavailable

ANY_ID = "0198c000-0000-7000-8000-000000000000"


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (UserNotFound(), 1),
        (ConfigurationError("store: memory:// is one process; set HEXACCOUNT_STORE"), 2),
        (StoreUnavailable(), 3),
        (HashingOverloaded(2), 3),
        (StaleVersion("user", ANY_ID), 3),
        (Unavailable("cannot listen on 127.0.0.1 port 80: choose another with --port"), 3),
    ],
)
def test_each_failure_has_its_exit_code_and_one_plain_line(run, program, trouble, code):
    program.trouble = trouble
    result = run("users", "list")
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr == f"error: {trouble}\n"


def test_a_missing_schema_is_unavailable_and_names_the_remedy(run, program):
    program.trouble = SchemaMismatch("the store has no schema")
    result = run("outbox", "list")
    assert (result.exit_code, result.stderr) == (3, "error: the store has no schema\nRun: hexaccount migrate\n")


def test_a_remedy_that_was_named_is_not_repeated(run, program):
    program.trouble = SchemaMismatch("the store has no schema; run `hexaccount migrate`")
    assert run("users", "list").stderr == f"error: {program.trouble}\n"


def test_settings_that_cannot_be_are_misuse(run, program):
    program.misconfigured = ConfigurationError("jwt.key is shorter than 32 bytes; make one")
    result = run("http")
    assert (result.exit_code, result.stderr) == (2, "error: jwt.key is shorter than 32 bytes; make one\n")
    assert not program.served


@pytest.mark.parametrize(
    "args", [["nope"], ["users", "nope"], ["--nope"], ["users", "show"], ["users", "show", "a", "b"], ["migrate", "x"]]
)
def test_misuse_is_told_in_two_lines_with_the_way_to_help(run, args):
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    error, hint = result.stderr.splitlines()
    assert error.startswith("error: ")
    assert hint.startswith("Try 'hexaccount ")
    assert hint.endswith(" --help' for help.")


@pytest.mark.parametrize("args", [[], ["users"], ["outbox"], ["config"]])
def test_a_group_alone_is_misuse_and_shows_what_it_offers(run, args):
    result = run(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith("Usage: hexaccount ")
    assert "Commands:" in result.stderr


@pytest.mark.parametrize("args", [["--help"], ["users", "list", "--help"], ["http", "-h"]])
def test_help_is_given_whatever_the_settings_are(run, program, args):
    program.misconfigured = ConfigurationError("broken")
    result = run(*args)
    assert result.exit_code == 0
    assert result.stdout.startswith("Usage: hexaccount ")


def test_a_fault_of_ours_shows_neither_a_traceback_nor_what_it_says(run, program):
    program.trouble = RuntimeError("INSERT INTO users VALUES ('hunter2hunter2')")
    result = run("users", "list")
    assert (result.exit_code, result.stdout) == (70, "")
    assert result.stderr.startswith("error: unexpected RuntimeError at memory_program.py:")
    assert "HEXACCOUNT_LOG__LEVEL=debug" in result.stderr
    assert "hunter2" not in result.stderr
    assert "Traceback" not in result.stderr


def test_a_fault_of_ours_is_in_no_log_that_is_kept_by_default(run, program, caplog):
    program.trouble = RuntimeError("broken")
    with caplog.at_level(logging.INFO, logger="hexaccount.cli"):
        run("users", "list")
    assert not caplog.records


def test_the_log_has_the_traceback_of_a_fault(run, program, caplog):
    program.trouble = RuntimeError("broken")
    with caplog.at_level(logging.DEBUG, logger="hexaccount.cli"):
        run("users", "list")
    assert "RuntimeError: broken" in caplog.text


def test_a_message_cannot_steer_the_terminal(run, program):
    program.trouble = StoreUnavailable("no\x1b[2J\u202eanswer")
    assert run("users", "list").stderr == "error: no\\x1b[2J\\u202eanswer\n"


def test_an_interrupt_leaves_silently_with_the_code_of_its_signal(run, program):
    program.trouble = KeyboardInterrupt()
    result = run("http")
    assert (result.exit_code, result.output) == (130, "\n")


@pytest.mark.parametrize(("trouble", "code"), [(KeyboardInterrupt(), 130), (StoreUnavailable(), 3)])
def test_what_happens_while_closing_has_its_exit_code_too(run, program, trouble, code):
    program.late_trouble = trouble
    result = run("users", "list")
    assert result.exit_code == code
    assert isinstance(result.exception, SystemExit)


@pytest.mark.parametrize(
    ("args", "trouble"),
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
def test_the_program_is_closed_once_whatever_happens(run, program, args, trouble):
    program.trouble = trouble
    run(*args)
    assert program.closed == 1
