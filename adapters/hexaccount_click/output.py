"""The way to standard output and standard error."""

import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import click

from hexaccount.kernel.clock import format_time


class ReaderGone(Exception):
    """Whoever read the output has closed it, as `head` does."""


def drop_output() -> None:
    """Let what is still buffered go nowhere: the interpreter would otherwise complain of it as it ends."""
    with suppress(OSError, ValueError):  # there is no file below what tests put in the place of standard output
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(text: str) -> None:
    """Print for whoever reads the output."""
    _write(text, err=False)


def note(text: str) -> None:
    """Print for the person at the terminal, on standard error."""
    _write(text, err=True)


def say_json(document: Any) -> None:
    """Print one JSON document, in ASCII so that every terminal and encoding carries it."""
    say(json.dumps(document, default=_plain, indent=2))


def _write(text: str, *, err: bool) -> None:
    encoding = getattr(sys.stderr if err else sys.stdout, "encoding", None) or "utf-8"
    try:
        click.echo(text.encode(encoding, "backslashreplace").decode(encoding), err=err)
    except BrokenPipeError:
        raise ReaderGone from None


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, datetime):
        return format_time(value)
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"JSON has no form for {type(value).__name__}")
