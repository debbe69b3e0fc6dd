"""Input from the person at the terminal. A password comes from a hidden prompt or standard input, never an argument."""

import sys

import click

from hexaccount.kernel.errors import InvalidInput

_MAX_LINE_BYTES = 65_536  # far above the longest valid password

password_stdin_option = click.option(
    "--password-stdin", is_flag=True, help="Read the password from the first line of standard input."
)


class PasswordCommand(click.Command):
    """A command that refuses surplus arguments without echoing them, since one of them may be a password."""

    allow_extra_args = True

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the known parameters; raises UsageError if arguments remain."""
        if super().parse_args(ctx, args):
            raise click.UsageError("use --password-stdin to pass a password; there are too many arguments", ctx)
        return []


def get_password(*, from_stdin: bool) -> str:
    """Read a password from standard input, or prompt for it twice; raises UsageError and InvalidInput."""
    try:
        return _read_line() if from_stdin else _prompt()
    except UnicodeDecodeError:
        raise InvalidInput({"password": "is not valid UTF-8"}) from None


def confirm(question: str) -> None:
    """Ask on standard error; raises Abort unless the answer is yes, and UsageError where nobody can answer.

    Raises OSError if the question could not be shown, whatever was answered.
    """
    if sys.stdin is None or sys.stderr is None:
        raise click.UsageError("confirm with --yes; standard input or standard error is closed")
    try:
        agreed = click.confirm(question, err=True)
    except click.Abort:  # the end of the input, or Ctrl-C
        if not sys.stdin.isatty():
            raise click.UsageError("confirm with --yes; there is no terminal to ask at") from None
        raise
    sys.stderr.flush()  # what reads the answer ignores that it could not
    if not agreed:
        raise click.Abort


def _prompt() -> str:
    if sys.stdin is None or not sys.stdin.isatty():
        raise click.UsageError("pass the password with --password-stdin; there is no terminal to prompt for it")
    return click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True, type=str)


def _read_line() -> str:
    """Return the first line of standard input without its newline, which is not part of the password."""
    line = b"" if sys.stdin is None else sys.stdin.buffer.readline(_MAX_LINE_BYTES)
    password = line[:-1].removesuffix(b"\r") if line.endswith(b"\n") else line
    if not password:
        raise click.UsageError("put the password on the first line of standard input; the password is empty")
    return password.decode()
