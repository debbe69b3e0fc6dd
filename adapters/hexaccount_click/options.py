"""What several commands have in common."""

import shlex
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar, cast

import click

from hexaccount.accounts.role import Role
from hexaccount.kernel.errors import InvalidValue
from hexaccount_click.output import note
from hexaccount_click.program import Program

P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")
limit_option = click.option(
    "--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="How many at most."
)


class RoleType(click.ParamType[Role]):
    """The name of a role; whether there is one of that name is for the settings to say."""

    name = "role"

    def convert(self, value: str | Role, param: click.Parameter | None, ctx: click.Context | None) -> Role:
        """Return the role of this name; raises UsageError for what can be none."""
        try:
            return value if isinstance(value, Role) else Role(value)
        except InvalidValue as refusal:
            self.fail(f"it {refusal.reason}", param, ctx)


def pass_program(command: Callable[Concatenate[Program, P], R]) -> Callable[P, R]:
    """Give `command` the Program, configured; help and misuse are answered before, whatever the settings are."""

    @wraps(command)
    def configured(*args: P.args, **kwargs: P.kwargs) -> R:
        return command(configured_program(), *args, **kwargs)

    return configured


def configured_program() -> Program:
    """Return the Program of this command line, configured; raises ConfigurationError."""
    root = click.get_current_context().find_root()
    program = cast("Program", root.obj)
    config = root.params["config"]
    program.configure(None if config is None else Path(config))
    return program


def name_next_page(*arguments: str, **options: object) -> None:
    """Tell the person which command shows the next page: this one with these arguments and options.

    A tuple is an option that is given several times.
    """
    context = click.get_current_context()
    config = context.find_root().params["config"]
    program, *names = context.command_path.split()
    words = [program, *(["--config", config] if config else []), *names]
    for option, value in options.items():
        for one in value if isinstance(value, tuple) else (value,):
            if one is not None:
                words += [f"--{option}", str(one)]
    if any(argument.startswith("-") for argument in arguments):
        words.append("--")  # what follows is no option, whatever it begins with
    words += arguments
    note(f"More: {shlex.join(words)}")
