"""The destination and the form of the log."""

import json
import os
import pty
import re
import subprocess
import sys
from typing import Any

import pytest

from hexaccount.bootstrap.logs import open_request_log
from hexaccount.bootstrap.settings import LogSettings
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryRateLimitStore
from tests.servers.processes import without_coverage

PROGRAM = """
import logging, sys, threading, warnings
from hexaccount.bootstrap.logs import configure_logs
from hexaccount.bootstrap.settings import LogSettings

configure_logs(LogSettings(format=sys.argv[1], level=sys.argv[2]))
unused = "structlog" not in sys.modules
logging.getLogger("some").info("one %s", unused)
warnings.warn("beware", stacklevel=1)
failing = threading.Thread(target=lambda: 1 / 0, name="failing")
failing.start()
failing.join()
ending = threading.Thread(target=sys.exit, name="ending")
ending.start()
ending.join()
"""


def logged(form: str, level: str, **options: Any) -> str:
    """Return what a process with these log settings writes to standard error."""
    argv = [sys.executable, "-W", "always", "-c", PROGRAM, form, level]
    ran = subprocess.run(argv, env=without_coverage(), stderr=subprocess.PIPE, timeout=60, check=True, **options)
    return ran.stderr.decode()


def logged_on_terminal(form: str, **environment: str) -> str:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-c", PROGRAM, form, "info"]
    with subprocess.Popen(argv, env={**without_coverage(), **environment}, stderr=theirs) as process:
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 65_536):
                text += part
        except OSError:  # EIO: the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    return text.decode()


@pytest.mark.parametrize("form", ["auto", "json"])
def test_records_warnings_and_errors_of_threads_are_json_in_a_pipe(form: str) -> None:
    one, warning, failed = map(json.loads, logged(form, "info").splitlines())
    assert (one["message"], one["log.logger"]) == ("one True", "some")
    assert (warning["log.level"], warning["log.logger"]) == ("warning", "py.warnings")
    assert "beware" in warning["message"]
    assert failed["message"] == "the thread failing has ended with an error"
    assert failed["error.type"] == "ZeroDivisionError"


@pytest.mark.parametrize(("form", "imported"), [("json", "False"), ("text", "True")])
def test_structlog_is_imported_for_text_only(form: str, imported: str) -> None:
    argv = [sys.executable, "-c", f"{PROGRAM}\nprint('structlog' in sys.modules)", form, "info"]
    ran = subprocess.run(argv, env=without_coverage(), capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout == f"{imported}\n"


def test_text_in_a_pipe_has_no_colors() -> None:
    first, *_ = logged("text", "info").splitlines()
    assert re.fullmatch(r"\S+Z \[info     \] one True +\[some\]", first)


def test_text_on_a_terminal_has_colors_unless_no_color_is_set() -> None:
    assert "\x1b[0m" in logged_on_terminal("auto")
    plain = logged_on_terminal("auto", NO_COLOR="1")
    assert re.match(r"\S+Z \[info     \] one True", plain)
    assert "\x1b" not in plain
    assert logged_on_terminal("json").startswith('{"@timestamp"')


def test_records_below_the_level_are_not_logged() -> None:
    first, _ = map(json.loads, logged("json", "warning").splitlines())
    assert first["log.logger"] == "py.warnings"


def test_a_process_without_standard_error_does_not_log_into_another_file() -> None:
    argv = ["sh", "-c", f'exec "{sys.executable}" -c "$0" json info 2>&-', PROGRAM]
    ran = subprocess.run(argv, env=without_coverage(), stdout=subprocess.PIPE, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"")


def test_no_level_hides_the_security_log() -> None:
    program = PROGRAM.replace('getLogger("some")', 'getLogger("hexaccount.security")')
    argv = [sys.executable, "-c", program, "json", "error"]
    ran = subprocess.run(argv, env=without_coverage(), stderr=subprocess.PIPE, text=True, timeout=60, check=True)
    assert json.loads(ran.stderr.splitlines()[0])["log.logger"] == "hexaccount.security"


@pytest.mark.parametrize(("level", "logs"), [("debug", True), ("info", True), ("warning", False), ("error", False)])
def test_requests_are_logged_at_level_info(level: Any, logs: bool) -> None:
    log = open_request_log(LogSettings(level=level), MemoryRateLimitStore(), AdjustableClock())
    assert (log is not None) == logs
