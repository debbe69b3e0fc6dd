import click

from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount_click.options import json_option, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.program import Program
from hexaccount_click.table import align


@click.command()
@json_option
@pass_program
def purge(program: Program, *, as_json: bool) -> None:
    """Remove what has ended and nobody will ask for again.

    The running service does the same about every minute; events are history and stay for ever.
    """
    purged = program.bus().handle(ApplyRetention())
    if as_json:
        say_json({"data": {"removed": purged.removed, "finished": purged.finished}})
    else:
        say("\n".join(align([(kind.replace("_", " "), str(count)) for kind, count in purged.removed.items()])))
    if not purged.finished:
        note("There is more; run it again.")
