import sys
from types import TracebackType
from typing import Self

import click


class Progress:
    """A line on the terminal that tells how far something has come; where standard error is none, nothing is told."""

    def __init__(self) -> None:
        self._shown = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            click.echo("\r\x1b[K", nl=False, err=True)

    def tell(self, text: str) -> None:
        """Show a text in the place of the one before."""
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{text}", nl=False, err=True)
            self._shown = True
