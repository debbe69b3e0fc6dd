"""The `hexaccount` command."""

import gc

from hexaccount.bootstrap.stop_signals import block_stop_signals


def main() -> None:
    """Run the command line; stop signals stay pending until the command handles or unblocks them."""
    block_stop_signals()
    # What modules define stays: looking for garbage among it would take a tenth of a start. What opens a service
    # or forks workers enables this.
    gc.disable()
    # After the signals are blocked, as these imports take most of a start.
    from hexaccount.bootstrap.program import SettingsProgram
    from hexaccount_click.cli import cli

    cli(obj=SettingsProgram())
