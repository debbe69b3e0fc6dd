import json
from collections.abc import Callable
from typing import TypeVar

import click

from hexaccount_click.options import json_option, pass_program
from hexaccount_click.output import print_json, print_result, print_status, print_table
from hexaccount_click.program import Program

C = TypeVar("C", bound=Callable[..., object])


def _listen_options(port: int) -> Callable[[C], C]:
    """Return a decorator that adds the options for address and processes, with this default port."""

    def decorate(command: C) -> C:
        for option in (
            click.option(
                "--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="The number of processes."
            ),
            click.option(
                "--port", type=click.IntRange(0, 65_535), default=port, show_default=True, help="0 takes a free port."
            ),
            click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on."),
        ):
            command = option(command)
        return command

    return decorate


@click.command()
@_listen_options(8000)
@pass_program
def http(program: Program, *, host: str, port: int, workers: int) -> None:
    """Serve the HTTP API until stopped."""
    program.serve(host=host, port=port, workers=workers, echo=print_status)


@click.command()
@_listen_options(8001)
@pass_program
def realtime(program: Program, *, host: str, port: int, workers: int) -> None:
    """Push account events to users over Socket.IO until stopped."""
    program.realtime(host=host, port=port, workers=workers, echo=print_status)


@click.command()
@click.option(
    "--metrics-port",
    type=click.IntRange(0, 65_535),
    help="The port for Prometheus; 0 takes a free port. Without it, no metrics are exported.",
)
@click.option("--metrics-host", default="127.0.0.1", show_default=True, help="The address of that port.")
@pass_program
def relay(program: Program, *, metrics_host: str, metrics_port: int | None) -> None:
    """Deliver events to subscribers until stopped."""
    program.relay(metrics_host=metrics_host, metrics_port=metrics_port, echo=print_status)


@click.command()
@pass_program
def migrate(program: Program) -> None:
    """Create or upgrade the store's schema, and create the signing key."""
    for line in program.migrate():
        print_result(line)


@click.group()
def config() -> None:
    """Show the settings."""


@config.command()
@json_option
@pass_program
def show(program: Program, *, as_json: bool) -> None:
    """Show the effective settings, secrets redacted."""
    settings = program.shown_settings()
    if as_json:
        print_json({"data": dict(settings)})
    else:
        print_table([("SETTING", "VALUE"), *((name, _text(value)) for name, value in settings.items())])


def _text(value: object) -> str:
    """Return a value as JSON, `-` for None."""
    return "-" if value is None else json.dumps(value, ensure_ascii=False, default=str)
