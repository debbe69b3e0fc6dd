"""Which exit code a failure leaves with, and what it tells the person."""

import logging
from contextlib import suppress
from enum import IntEnum
from pathlib import Path
from traceback import extract_tb

import click
from click.exceptions import NoArgsIsHelpError

from hexaccount.kernel.errors import InvalidInput, Refusal
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.store_kit.store import SchemaMismatch, SchemaTooNew
from hexaccount_click.output import ReaderGone, drop_output, note
from hexaccount_click.program import ConfigurationError, Unavailable
from hexaccount_click.table import printable

_log = logging.getLogger("hexaccount.cli")


class ExitCode(IntEnum):
    """What a shell learns of how a command ended; the last two are what a shell gives to a signal's victim."""

    DONE = 0
    REFUSED = 1
    MISUSED = 2
    UNAVAILABLE = 3
    FAULT = 70
    INTERRUPTED = 130
    READER_GONE = 141


def report(error: BaseException) -> ExitCode:
    """Tell the person of a failure on standard error, in plain lines, and return the exit code for it."""
    code = exit_code(error)
    if code is ExitCode.READER_GONE:
        drop_output()
    with suppress(ReaderGone):
        for line in _explain(error):
            note("\n".join(printable(part) for part in line.splitlines()))
    return code


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit code for a failure."""
    match error:
        case Refusal():
            return ExitCode.REFUSED
        case click.ClickException() | ConfigurationError():
            return ExitCode.MISUSED
        case StoreUnavailable() | SchemaMismatch() | HashingOverloaded() | StaleVersion() | Unavailable():
            return ExitCode.UNAVAILABLE
        case click.Abort() | KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case ReaderGone():
            return ExitCode.READER_GONE
        case _:
            return ExitCode.FAULT


def _explain(error: BaseException) -> list[str]:
    lines = [f"error: {error}"]
    match error:
        case InvalidInput():
            lines = [f"error: {_option(field)} {reason}" for field, reason in error.errors.items()]
        case NoArgsIsHelpError():
            lines = [str(error)]
        case click.UsageError(ctx=click.Context() as context):
            lines = [f"error: {error.format_message()}", f"Try '{context.command_path} --help' for help."]
        case click.ClickException():
            lines = [f"error: {error.format_message()}"]
        case SchemaMismatch() if not (isinstance(error, SchemaTooNew) or "hexaccount migrate" in str(error)):
            lines.append("Run: hexaccount migrate")
        case click.Abort() | KeyboardInterrupt() | ReaderGone():
            lines = []
        case _ if exit_code(error) is ExitCode.FAULT:
            lines = _explain_fault(error)
    return lines


def _explain_fault(error: BaseException) -> list[str]:
    # Its text may hold anything, a secret too, so only the log has it.
    _log.debug("unexpected", exc_info=error)
    place = extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return [
        f"error: unexpected {type(error).__name__} at {where}; this is a fault of hexaccount",
        "Run it again with HEXACCOUNT_LOG__LEVEL=debug to see where it comes from.",
    ]


def _option(field: str) -> str:
    return "the password" if field == "password" else f"--{field.replace('_', '-')}"
