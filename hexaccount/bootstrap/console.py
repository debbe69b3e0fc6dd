"""The `hexaccount` command."""

from hexaccount.bootstrap.stop_signals import hold_stop_signals


def main() -> None:
    """Run the command line; signals to stop wait until it is known what they mean to the command."""
    hold_stop_signals()
    # Only now, as it takes a while.
    from hexaccount.bootstrap.program import SettingsProgram  # noqa: PLC0415 - as the comment says
    from hexaccount_click.cli import cli  # noqa: PLC0415 - as the comment says

    cli(obj=SettingsProgram())
