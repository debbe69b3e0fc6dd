"""Where the log goes, and in which form."""

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
from tests.servers.processes import unmeasured

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
    """Return what a process writes to standard error that logs so."""
    argv = [sys.executable, "-W", "always", "-c", PROGRAM, form, level]
    ran = subprocess.run(argv, env=unmeasured(), stderr=subprocess.PIPE, timeout=60, check=True, **options)
    return ran.stderr.decode()


def logged_on_terminal(form: str, **environment: str) -> str:
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-c", PROGRAM, form, "info"]
    with subprocess.Popen(argv, env={**unmeasured(), **environment}, stderr=theirs) as process:
        os.close(theirs)
        text = b""
        try:
            while part := os.read(ours, 65_536):
                text += part
        except OSError:  # what Linux answers once nobody holds the other end
            pass
    os.close(ours)
    assert process.returncode == 0
    return text.decode()


@pytest.mark.parametrize("form", ["auto", "json"])
def test_machines_get_json_of_records_of_warnings_and_of_what_ends_a_thread(form: str) -> None:
    one, warning, failed = map(json.loads, logged(form, "info").splitlines())
    assert (one["message"], one["log.logger"]) == ("one True", "some")
    assert (warning["log.level"], warning["log.logger"]) == ("warning", "py.warnings")
    assert "beware" in warning["message"]
    assert failed["message"] == "the thread failing has ended with an error"
    assert failed["error.type"] == "ZeroDivisionError"


def test_text_is_to_be_had_for_a_file_too_without_colors() -> None:
    first, *_ = logged("text", "info").splitlines()
    assert re.fullmatch(r"\S+Z \[info     \] one True +\[some\]", first)


def test_a_person_at_a_terminal_gets_text_with_colors_unless_they_want_none() -> None:
    assert "\x1b[0m" in logged_on_terminal("auto")
    plain = logged_on_terminal("auto", NO_COLOR="1")
    assert re.match(r"\S+Z \[info     \] one True", plain)
    assert "\x1b" not in plain
    assert logged_on_terminal("json").startswith('{"@timestamp"')


def test_below_its_level_nothing_is_logged() -> None:
    first, _ = map(json.loads, logged("json", "warning").splitlines())
    assert first["log.logger"] == "py.warnings"


def test_a_process_without_standard_error_logs_nowhere_and_not_into_its_next_file() -> None:
    argv = ["sh", "-c", f'exec "{sys.executable}" -c "$0" json info 2>&-', PROGRAM]
    ran = subprocess.run(argv, env=unmeasured(), stdout=subprocess.PIPE, timeout=60, check=False)
    assert (ran.returncode, ran.stdout) == (0, b"")


@pytest.mark.parametrize(("level", "logs"), [("debug", True), ("info", True), ("warning", False), ("error", False)])
def test_requests_are_logged_at_info(level: Any, logs: bool) -> None:
    assert (open_request_log(LogSettings(level=level)) is not None) == logs
