"""Lists that are shown page by page."""

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import click

from hexaccount.kernel.clock import format_time
from hexaccount_click.output import Columns, print_json, print_list, print_message

T = TypeVar("T")

limit_option = click.option(
    "--limit", type=click.IntRange(1, 200), default=50, show_default=True, help="The page size."
)


def print_page(
    items: Sequence[T],
    following: UUID | None,
    columns: Columns[T],
    *,
    as_json: bool,
    wide: bool = False,
    empty: str,
    document: Callable[[T], object] = lambda item: item,
) -> None:
    """Print a page as JSON, or as a table with the command that shows the next page.

    `following` is the `--after` of the next page, None on the last one. `empty` is the message for no items.
    """
    if as_json:
        print_json({"data": [document(item) for item in items], "page": {"next": following}})
        return
    if items:
        print_list(items, columns, as_json=False, wide=wide)
    else:
        print_message(empty)
    if following:
        print_message(f"More: {_command_with(after=following)}")


def _command_with(*, after: UUID) -> str:
    """Return the current command line with another `--after`."""
    context = click.get_current_context()
    values = {**context.params, "after": after}
    config = context.find_root().params["config"]
    program, *names = context.command_path.split()
    words = [program, *(["--config", config] if config else []), *names]
    arguments = []
    for parameter in context.command.params:
        value = values[str(parameter.name)]
        if isinstance(parameter, click.Argument):
            arguments.append(value)
        elif value is True:
            words.append(parameter.opts[0])
        elif value is not None and value is not False:
            for one in value if parameter.multiple else [value]:
                words += [parameter.opts[0], _text(one)]
    if any(argument.startswith("-") for argument in arguments):
        words.append("--")  # ends the options
    return shlex.join([*words, *arguments])


def _text(value: object) -> str:
    return format_time(value) if isinstance(value, datetime) else str(value)
