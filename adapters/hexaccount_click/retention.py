import click

from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount_click.options import json_option, pass_program
from hexaccount_click.output import print_json, print_message, print_table
from hexaccount_click.program import Program


@click.command()
@json_option
@pass_program
def purge(program: Program, *, as_json: bool) -> None:
    """Remove expired records.

    The running service does the same about every minute. Of events, only those about sessions expire.
    """
    purged = program.bus().handle(ApplyRetention())
    if as_json:
        print_json({"data": {"removed": purged.removed, "finished": purged.finished}})
    else:
        print_table([(kind.replace("_", " "), str(count)) for kind, count in purged.removed.items()])
    if not purged.finished:
        print_message("Run it again: more records have expired.")
