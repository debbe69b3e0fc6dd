"""The `hexaccount` command."""

from hexaccount_click.cli import cli


def main() -> None:
    """Run the command line."""
    from hexaccount.bootstrap.program import SettingsProgram  # noqa: PLC0415 - see below

    cli(obj=SettingsProgram())
