import json

import click

from hexaccount_click.options import json_option, pass_program
from hexaccount_click.output import say, say_json
from hexaccount_click.program import Program
from hexaccount_click.table import align


@click.group()
def config() -> None:
    """Look at the settings."""


@config.command()
@json_option
@pass_program
def show(program: Program, *, as_json: bool) -> None:
    """Show the settings in force, secrets hidden."""
    settings = program.shown_settings()
    if as_json:
        say_json({"data": dict(settings)})
    else:
        rows = [(name, _text(value)) for name, value in settings.items()]
        say("\n".join(align([("SETTING", "VALUE"), *rows])))


def _text(value: object) -> str:
    """Return a value as it would stand in the settings file, `-` where there is none."""
    return "-" if value is None else json.dumps(value, ensure_ascii=False, default=str)
