"""The `hexaccount` command."""

from hexaccount.bootstrap.program import SettingsProgram
from hexaccount_click.cli import cli


def main() -> None:
    """Run the command line."""
    cli(obj=SettingsProgram())
