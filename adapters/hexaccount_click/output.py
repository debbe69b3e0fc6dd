"""Results go to standard output, messages for the person at the terminal to standard error."""

import json
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from datetime import datetime
from enum import Enum
from shutil import get_terminal_size
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

import click

from hexaccount.kernel.clock import format_time
from hexaccount.kernel.files import remedy_for
from hexaccount_click.table import Forms, align, fit, printable

T = TypeVar("T")
Columns: TypeAlias = Mapping[str, Callable[[T], object]]
"""How a table gets the values below each heading."""

_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{4}(?=[0-9a-f]{8}(?![0-9a-f]))")
_EVENT_TYPE = re.compile(r"hexaccount\.([a-z_.]+)\.v[0-9]+")


class OutputFailed(Exception):
    """Standard output or standard error cannot be written."""


class OutputClosed(OutputFailed):
    """The reader of a pipe has closed it, as `head` does."""


def discard_unwritten() -> None:
    """Redirect a standard stream that cannot be written to the null device: the interpreter would flush it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except OSError:
            with suppress(OSError):  # no more files may be opened
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, stream.fileno())
                os.close(null)


def print_result(text: str) -> None:
    """Print to standard output; raises OutputFailed."""
    _write(text, err=False)


def print_message(text: str) -> None:
    """Print to standard error; raises OutputFailed."""
    _write(text, err=True)


def print_status(text: str) -> None:
    """Print the status of a service to standard output if that can be written; the service goes on in any case."""
    try:
        print_result(text)
    except OutputFailed:
        discard_unwritten()


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in aligned columns, each cell made safe for a terminal."""
    print_result("\n".join(align(rows)))


def print_json(document: Any) -> None:
    """Print one JSON document, in ASCII so that it does not depend on the encoding of the output."""
    print_result(json.dumps(document, default=_to_json, indent=2))


def print_list(
    items: Sequence[T],
    columns: Columns[T],
    *,
    as_json: bool,
    wide: bool = False,
    document: Callable[[T], object] = lambda item: item,
) -> None:
    """Print items as JSON, or as a table under headings, which is as wide as the terminal unless `wide` is set."""
    if as_json:
        print_json({"data": [document(item) for item in items]})
        return
    full = [list(columns), *(cells(item, columns) for item in items)]
    if wide or sys.stdout is None or not sys.stdout.isatty():
        print_table(full)
        return
    terminal = get_terminal_size().columns
    fitting = fit(
        [[[name] for name in columns], *([_forms(of(item)) for of in columns.values()] for item in items)], terminal
    )
    print_table(fitting)
    if fitting != [[printable(cell) for cell in row] for row in full]:
        print_message(f"Shortened to {terminal} columns; use --wide or --json for everything.")


def cells(item: T, columns: Columns[T]) -> list[str]:
    """Return the texts of an item's columns; `-` for None."""
    return [_forms(of(item))[0] for of in columns.values()]


def _forms(value: object) -> Forms:
    """Return the spellings of a value: an id may be known by its end, an event type by its middle."""
    match value:
        case None:
            return ["-"]
        case datetime():
            return [format_time(value), f"{value:%Y-%m-%d %H:%M}", f"{value:%Y-%m-%d}"]
        case _:
            text = _text(value)
            short = _EVENT_TYPE.sub(r"\1", _ID.sub("…", text))
            return [text] if short == text else [text, short]


def _write(text: str, *, err: bool) -> None:
    if (sys.stderr if err else sys.stdout) is None:
        raise OutputFailed("open the output, which is closed; what the command has done stays done")
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)
    except BrokenPipeError:
        raise OutputClosed from None
    except OSError as error:
        remedy = remedy_for(error) or "write to another place"
        reason = f"the output cannot be written ({error.strerror}), and what the command has done stays done"
        raise OutputFailed(f"{remedy}; {reason}") from error


def _to_json(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime | Enum | UUID):
        return _text(value)
    raise TypeError(f"JSON has no form for {type(value).__name__}")


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return format_time(value)
    return str(value.value if isinstance(value, Enum) else value)
