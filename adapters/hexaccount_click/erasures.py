import json
import sys
from codecs import BOM_UTF8
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID

import click

from hexaccount.erasure.list_erasures import ListErasures
from hexaccount.erasure.repeat_erasures import RepeatErasures, repeat_listed_erasures
from hexaccount.kernel.clock import format_time
from hexaccount.kernel.files import naming
from hexaccount.personal_data.erasures import Erasure
from hexaccount_click.actor import reason_option
from hexaccount_click.options import pass_program
from hexaccount_click.output import print_result
from hexaccount_click.program import Program

_STEP = 1000


@click.group()
def erasures() -> None:
    """Export the list of erased accounts, and erase them again after a restore.

    A backup that is older than an erasure brings the account back. `hexaccount migrate` erases it again if the list
    survived; otherwise keep an export of the list beside the backups.
    """


@erasures.command()
@pass_program
def export(program: Program) -> None:
    """Print the list, an account per line in JSON."""
    bus, after = program.bus(), None
    while page := bus.handle(ListErasures(limit=_STEP, after=after)):
        for erasure in page:
            line = {"account_id": str(erasure.account_id), "erased_at": format_time(erasure.erased_at)}
            print_result(json.dumps(line))
        after = page[-1].account_id


@erasures.command()
@click.option("--from", "file", type=click.Path(readable=False), metavar="FILE", help="An exported list; - reads it.")
@reason_option
@pass_program
def repeat(program: Program, *, file: str | None) -> None:
    """Erase the accounts of the list that are there again, those of an exported list too."""
    bus, erased = program.bus(), 0
    accounts = [] if file is None else list(_erasures_in(file))
    for first in range(0, len(accounts), _STEP):
        erased += bus.handle(RepeatErasures(erasures=accounts[first : first + _STEP]))
    erased += repeat_listed_erasures(bus)
    print_result(f"Erased again: {erased}.")


def _erasures_in(file: str) -> Iterator[Erasure]:
    """Yield what a file lists; raises OSError, and UsageError for something else."""
    if file == "-" and sys.stdin is None:
        raise click.UsageError("name a file; standard input is closed")
    with naming(file), click.open_file(file, "rb") as lines:
        for number, line in enumerate(lines, start=1):
            text = line.removeprefix(BOM_UTF8).strip()
            if text:
                try:
                    found = json.loads(text)
                    moment = datetime.fromisoformat(found["erased_at"]).astimezone(UTC)
                    yield Erasure(account_id=UUID(str(found["account_id"])), erased_at=moment)
                except (ValueError, KeyError, TypeError):
                    raise click.UsageError(
                        f"line {number} of {file} is not one of `hexaccount erasures export`; nothing was erased"
                    ) from None
