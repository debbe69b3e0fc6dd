from collections.abc import Callable
from typing import TypeVar

import click

from hexaccount_click.options import pass_program
from hexaccount_click.output import say
from hexaccount_click.program import Program

C = TypeVar("C", bound=Callable[..., object])


def _listening(port: int) -> Callable[[C], C]:
    """Give a command the options that say where it listens, and in how many processes."""

    def decorate(command: C) -> C:
        for option in (
            click.option(
                "--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes serve."
            ),
            click.option(
                "--port", type=click.IntRange(0, 65_535), default=port, show_default=True, help="0: a free one."
            ),
            click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
        ):
            command = option(command)
        return command

    return decorate


@click.command()
@_listening(8000)
@pass_program
def http(program: Program, *, host: str, port: int, workers: int) -> None:
    """Serve the HTTP interface until stopped."""
    program.serve(host=host, port=port, workers=workers, echo=say)


@click.command()
@_listening(8001)
@pass_program
def realtime(program: Program, *, host: str, port: int, workers: int) -> None:
    """Tell people of their account's events over Socket.IO until stopped."""
    program.realtime(host=host, port=port, workers=workers, echo=say)


@click.command()
@pass_program
def migrate(program: Program) -> None:
    """Make or update the store's schema and the signing key."""
    for line in program.migrate():
        say(line)


@click.command()
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65_535),
    help="Where Prometheus finds the figures of this process; 0: a free one. Nowhere, if it is left out.",
)
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="The address of that port.")
@pass_program
def relay(program: Program, *, metrics_host: str, metrics_port: int | None) -> None:
    """Deliver events until stopped."""
    program.relay(metrics_host=metrics_host, metrics_port=metrics_port, echo=say)
