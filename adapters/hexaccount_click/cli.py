import signal
import sys
from collections.abc import Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from hexaccount_click.program import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from hexaccount_click.program import Program

# Module and short help of each command, so that `hexaccount --help` imports none of them.
COMMANDS = {
    "http": ("service", "Serve the HTTP API until stopped."),
    "migrate": ("service", "Create or upgrade the store's schema, and create the signing key."),
    "realtime": ("service", "Push account events to users over Socket.IO until stopped."),
    "relay": ("service", "Deliver events to subscribers until stopped."),
    "users": ("accounts", "Register, list and administer accounts, their roles and sessions."),
    "erasures": ("erasures", "Export the list of erased accounts, and erase them again after a restore."),
    "keys": ("signing_keys", "List, add, retire and remove signing keys."),
    "events": ("events", "Show the history of an account, replay and archive events."),
    "outbox": ("outbox", "Administer dead letters and event subscriptions."),
    "mail": ("mail", "Preview messages."),
    "purge": ("retention", "Remove expired records."),
    "hash": ("passwords", "Measure password hashing on this machine."),
    "config": ("service", "Show the settings."),
    "doctor": ("observability", "Check every part of the service and show what to do."),
}

# These handle SIGTERM and SIGINT themselves.
LONG_RUNNING = {"http", "realtime", "relay"}


class CommandLine(click.Group):
    """The root group. It closes its Program and turns every exception into an exit code."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of COMMANDS, then those of other packages; Click would sort them."""
        return [*COMMANDS, *(name for name in _installed(ctx) if name not in COMMANDS)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of a command and return the command; None if the name is unknown.

        Raises ConfigurationError for a command of another package that cannot be used.
        """
        if cmd_name not in COMMANDS:
            load = _installed(ctx).get(cmd_name)
            return load() if load else None
        module, _ = COMMANDS[cmd_name]
        command: click.Command = getattr(import_module(f"hexaccount_click.{module}"), cmd_name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return a command with its name and arguments; raises NoSuchCommand, which suggests similar names."""
        try:
            return super().resolve_command(ctx, args)
        except click.NoSuchCommand as error:
            raise click.NoSuchCommand(error.command_name, possibilities=self.list_commands(ctx), ctx=ctx) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing those of this package."""
        ours = [(name, short_help) for name, (_, short_help) in COMMANDS.items()]
        others = [(name, _short_help(load)) for name, load in _installed(ctx).items() if name not in COMMANDS]
        with formatter.section("Commands"):
            formatter.write_dl(ours + others)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run a command with `obj` as its Program, and exit; without `standalone_mode`, return or raise."""
        names = (args, prog_name or self.name, complete_var)
        if not standalone_mode:
            return super().main(*names, standalone_mode=False, **extra)
        try:
            try:
                code = super().main(*names, standalone_mode=False, **extra)
            finally:
                extra["obj"].close()
        except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 - every failure becomes an exit code here
            from hexaccount_click.errors import report  # noqa: PLC0415 - only failures need it

            sys.exit(report(error))
        sys.exit(code if isinstance(code, int) else 0)

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Return the context of a command; raises OutputClosed from `--help` and `--version`."""
        with _closed_pipe_as_error():
            return super().make_context(info_name, args, parent, **extra)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; raises OutputClosed from what Click itself prints."""
        with _closed_pipe_as_error():
            return super().invoke(ctx)


@contextmanager
def _closed_pipe_as_error() -> "Iterator[None]":
    """Raise OutputClosed, which `report` explains, where Click would exit with 1."""
    try:
        yield
    except BrokenPipeError:
        from hexaccount_click.output import OutputClosed  # noqa: PLC0415 - only failures need it

        raise OutputClosed from None


def _installed(context: click.Context) -> "Mapping[str, Callable[[], click.Command]]":
    """Return what imports each command of another package."""
    program: Program | None = context.find_root().obj
    return {} if program is None else program.commands()


def _short_help(load: "Callable[[], click.Command]") -> str:
    try:
        return load().get_short_help_str(limit=80)
    except ConfigurationError as error:
        return str(error)


def _print_version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if not wanted or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 - slow to import and rarely needed

    try:
        click.echo(f"hexaccount {version('hexaccount')}")
    except PackageNotFoundError:
        click.echo("hexaccount (unknown version: the package is not installed)")
    ctx.exit()


@click.group("hexaccount", cls=CommandLine, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", type=click.Path(readable=False), metavar="FILE", help="Settings in TOML [default: $HEXACCOUNT_CONFIG]."
)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_version,
    help="Show the version and exit.",
)
@click.pass_context
def cli(context: click.Context, config: str | None) -> None:  # noqa: ARG001 - commands read it from the context
    """Run and administer the hexaccount service.

    Exit codes: 0 done, 1 refused by a rule, 2 misused, 3 unavailable.
    """
    if context.invoked_subcommand not in LONG_RUNNING:
        # The console script blocks them until the command is known.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
        from hexaccount_click.actor import act_as_admin  # noqa: PLC0415 - `--help` needs none of it

        act_as_admin(context)
