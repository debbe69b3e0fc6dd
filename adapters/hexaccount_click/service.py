import click

from hexaccount_click.options import pass_program
from hexaccount_click.output import say
from hexaccount_click.program import Program


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8000, show_default=True, help="0: a free one.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes serve.")
@pass_program
def http(program: Program, *, host: str, port: int, workers: int) -> None:
    """Serve the HTTP interface until stopped."""
    program.serve(host=host, port=port, workers=workers, echo=say)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8001, show_default=True, help="0: a free one.")
@click.option("--workers", type=click.IntRange(1, 256), default=1, show_default=True, help="How many processes serve.")
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
@pass_program
def relay(program: Program) -> None:
    """Deliver events until stopped."""
    program.relay(echo=say)
