"""Options, parameter types and decorators that several commands share."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

import click
from click.shell_completion import CompletionItem

from hexaccount_click.program import Program

P = ParamSpec("P")
R = TypeVar("R")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
wide_option = click.option("--wide", is_flag=True, help="Shorten nothing to the width of the terminal.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


class TimeType(click.ParamType[datetime]):
    """An ISO 8601 date or time, in UTC unless it has an offset."""

    name = "time"

    def convert(self, value: str | datetime, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the time in UTC; raises BadParameter for other text and for times before 1970."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
            moment = moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fail("it must be a date or a time, such as 2026-11-22 or 2026-11-22T16:30:00Z", param, ctx)
        if moment < _EPOCH:
            self.fail("it must not be before 1970", param, ctx)
        return moment


class ProgramChoice(click.ParamType[str]):
    """One of the texts that the Program lists, which it does only where the option or argument is used."""

    def __init__(self, name: str, choices: Callable[[Program], Iterable[str]]) -> None:
        """`choices` gets a Program that is not configured."""
        self.name = name
        self._choices = choices

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the text; raises BadParameter, which lists all choices, for another."""
        return self._choice(ctx or click.get_current_context()).convert(value, param, ctx)

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Return the choices that begin with the text."""
        return self._choice(ctx).shell_complete(ctx, param, incomplete)

    def _choice(self, context: click.Context) -> click.Choice[str]:
        return click.Choice(list(self._choices(cast("Program", context.find_root().obj))))


def pass_program(command: Callable[Concatenate[Program, P], R]) -> Callable[P, R]:
    """Pass the Program, configured. `--help` and usage errors come before, so invalid settings do not affect them."""

    @wraps(command)
    def configured(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(configured_program(), *args, **kwargs)

    return configured


def configured_program() -> Program:
    """Return the Program of the running command, configured; raises ConfigurationError."""
    root = click.get_current_context().find_root()
    program = cast("Program", root.obj)
    config = root.params["config"]
    if config == "":
        raise click.UsageError("name a file after --config, or leave it out")
    program.configure(None if config is None else Path(config))
    return program
