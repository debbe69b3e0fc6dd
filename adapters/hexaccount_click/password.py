"""Where a password comes from: a hidden prompt or standard input, never an argument."""

import sys

import click

from hexaccount.kernel.errors import InvalidInput

_LONGEST_LINE = 65_536  # far more than a password may have


class NoStrayPassword(click.Command):
    """A command that refuses surplus arguments without repeating them, as one of them may be meant as a password."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take in what the command knows; raises UsageError where anything else is left."""
        if super().parse_args(ctx, args):
            raise click.UsageError("there are too many arguments; for the password there is --password-stdin", ctx)
        return []


def ask_for_password() -> str:
    """Ask for a password twice, unseen."""
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask for a password; pipe it in with --password-stdin")
    try:
        return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True, type=str)
    except UnicodeDecodeError:
        raise _not_text() from None


def read_password() -> str:
    """Return one line of standard input without the newline at its end, which is no part of the password."""
    line = b"" if sys.stdin is None else sys.stdin.buffer.readline(_LONGEST_LINE)
    password = line[:-1].removesuffix(b"\r") if line.endswith(b"\n") else line
    if not password:
        raise click.UsageError("the password is empty; --password-stdin reads it from the first line of standard input")
    try:
        return password.decode()
    except UnicodeDecodeError:
        raise _not_text() from None


def _not_text() -> InvalidInput:
    return InvalidInput({"password": "is not valid UTF-8"})
