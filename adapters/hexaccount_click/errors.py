"""The exit code and the words for each failure."""

import logging
from contextlib import suppress
from enum import IntEnum
from importlib.metadata import entry_points
from pathlib import Path
from traceback import extract_tb, walk_tb

import click
from click.exceptions import NoArgsIsHelpError

from hexaccount.kernel.errors import InvalidInput, Refusal
from hexaccount.kernel.files import reason_of, remedy_for
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable
from hexaccount.passwords.ports import HashingOverloaded
from hexaccount.store_kit.store import SchemaMismatch
from hexaccount_click.output import OutputClosed, OutputFailed, discard_unwritten, print_message
from hexaccount_click.program import ConfigurationError, Unavailable
from hexaccount_click.table import printable

_log = logging.getLogger("hexaccount.cli")

NEXT_STEPS = {
    "schema_mismatch": "run `hexaccount migrate`",
    "schema_missing": "run `hexaccount migrate`",
    "schema_too_old": "run `hexaccount migrate`",
    "subscriber_unknown": "run `hexaccount outbox subscribers` to list the names",
    "subscriber_in_use": (
        "remove it from the settings events, webhooks or cache of every process, and restart them; "
        "a subscriber that is part of the service stays"
    ),
    "last_admin": "first run `hexaccount users grant USER admin` for another account, or enable one that has the role",
    "incomplete_journal": "give the folder of the archive with --archive",
    "signing_key_not_found": "run `hexaccount keys list` to list the names",
    "signing_key_in_use": "wait, or use --compromised to remove it now and invalidate its tokens",
    "signing_key_from_settings": "add a newer key to end its signing, and change the setting jwt.key to remove it",
}
"""What the operator does next, by the code of an error: the hexagon knows no command and no option."""


class ExitCode(IntEnum):
    """The exit status of the process. The last two are 128 plus SIGINT and SIGPIPE, as a shell reports them."""

    DONE = 0
    REFUSED = 1
    MISUSED = 2
    UNAVAILABLE = 3
    INTERNAL_ERROR = 70
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141


def report(error: BaseException) -> ExitCode:
    """Explain a failure on standard error and return its exit code."""
    if isinstance(error, OSError) and (remedy := remedy_for(error)):
        _log.debug("a file cannot be used", exc_info=error)
        error = Unavailable(f"{remedy}; {reason_of(error)}")
    with suppress(OutputFailed):
        for line in _explain(error):
            print_message("\n".join(printable(part) for part in line.splitlines()))
    discard_unwritten()
    return exit_code(error)


def exit_code(error: BaseException) -> ExitCode:
    """Return the exit code for a failure; INTERNAL_ERROR for an unexpected exception."""
    match error:
        case Refusal():
            return ExitCode.REFUSED
        case click.ClickException() | ConfigurationError():
            return ExitCode.MISUSED
        case click.Abort() | KeyboardInterrupt():
            return ExitCode.INTERRUPTED
        case OutputClosed():
            return ExitCode.OUTPUT_CLOSED
        case (
            StoreUnavailable()
            | SchemaMismatch()
            | HashingOverloaded()
            | StaleVersion()
            | Unavailable()
            | OutputFailed()
        ):
            return ExitCode.UNAVAILABLE
        case _:
            return ExitCode.INTERNAL_ERROR


def _explain(error: BaseException) -> list[str]:
    match error:
        case InvalidInput():
            return [f"error: {_option(field)} {reason}" for field, reason in error.errors.items()]
        case NoArgsIsHelpError():
            return [str(error)]
        case click.ClickException():
            context = error.ctx if isinstance(error, click.UsageError) else None
            hint = [f"Try '{context.command_path} --help' for help."] if context else []
            return [f"error: {error.format_message()}", *hint]
        case click.Abort() | KeyboardInterrupt() | OutputClosed():
            return []
        case _ if exit_code(error) is ExitCode.INTERNAL_ERROR:
            return [_explain_unexpected(error)]
        case _:
            next_step = NEXT_STEPS.get(getattr(error, "code", ""))
            return [f"error: {next_step}; {error}" if next_step else f"error: {error}"]


def _explain_unexpected(error: BaseException) -> str:
    # The error's text may contain a secret, so only the debug log has it.
    _log.debug("unexpected", exc_info=error)
    place = extract_tb(error.__traceback__)[-1]
    return (
        "error: run the command again with HEXACCOUNT_LOG__LEVEL=debug to see the cause; "
        f"this is a bug in {_package_at_fault(error)}: unexpected {type(error).__name__} at "
        f"{Path(place.filename).name}:{place.lineno}"
    )


def _package_at_fault(error: BaseException) -> str:
    """Return the plug-in's package that ran when an unexpected exception was raised, or else this one."""
    running = {frame.f_globals.get("__name__", "").partition(".")[0] for frame, _ in walk_tb(error.__traceback__)}
    found = entry_points()
    groups = [group for group in found.groups if group.startswith("hexaccount.")]
    plugins = (entry for group in groups for entry in found.select(group=group))
    at_fault = (entry.dist.name for entry in plugins if entry.module.partition(".")[0] in running and entry.dist)
    return next(at_fault, "hexaccount")


def _option(field: str) -> str:
    return "the password" if field == "password" else f"--{field.replace('_', '-')}"
