import signal
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

import click

# Module and short help of each command: `hexaccount --help` is answered without importing any of them.
COMMANDS = {
    "http": ("service", "Serve the HTTP interface until stopped."),
    "migrate": ("service", "Make or update the store's schema and the signing key."),
    "realtime": ("service", "Tell people of their account's events over Socket.IO until stopped."),
    "relay": ("service", "Deliver events until stopped."),
    "users": ("users", "Register and list accounts, and look after what they may do and their sessions."),
    "keys": ("keys", "List, add, retire and remove signing keys."),
    "events": ("events", "Look at what has happened, and replay it."),
    "outbox": ("outbox", "See who is owed events, and what could not be delivered."),
    "purge": ("purge", "Remove what has ended and nobody will ask for again."),
    "hash": ("hash", "See what hashing passwords takes on this machine."),
    "config": ("config", "Look at the settings."),
    "doctor": ("doctor", "See what is wrong, and what to do about it."),
}

# They run until they are told to stop, and see themselves to what a signal means.
LASTING = {"http", "realtime", "relay"}


class CommandLine(click.Group):
    """The group of all commands; it closes its Program, and turns whatever goes wrong into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - Click calls it so
        """Return the names in the order in which a person meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - Click calls it so
        """Import the module of a command and return it."""
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"hexaccount_click.{module}"), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - Click calls it so
        """Write the list of commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, short_help) for name, (_, short_help) in COMMANDS.items()])

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command that `args` name, with the Program given as `obj`, and leave with its exit code."""
        names = (args, prog_name or self.name, complete_var)
        if not standalone_mode:
            return super().main(*names, standalone_mode=False, **extra)
        try:
            try:
                answer = super().main(*names, standalone_mode=False, **extra)
            finally:
                extra["obj"].close()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - the one place that answers for all of them
            from hexaccount_click.errors import report  # noqa: PLC0415 - help and success do without

            sys.exit(report(error))
        sys.exit(answer if isinstance(answer, int) else 0)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow, and seldom asked for

    try:
        click.echo(f"hexaccount {version('hexaccount')}")
    except PackageNotFoundError:
        click.echo("hexaccount, not installed: of no known version")
    ctx.exit()


@click.group("hexaccount", cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(), metavar="FILE", help="Settings in TOML; otherwise HEXACCOUNT_CONFIG.")
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(context: click.Context, config: str | None) -> None:  # noqa: ARG001 - commands take it from the context
    """Run and look after the hexaccount service.

    Exit codes: 0 done, 1 refused by a rule, 2 misused, 3 unavailable.
    """
    if context.invoked_subcommand not in LASTING:
        # Whoever started us may have held them back until it was known which command this is.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
