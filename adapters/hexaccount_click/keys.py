from datetime import datetime, timedelta

import click

from hexaccount.kernel.clock import format_time
from hexaccount.signing_keys.add_key import AddKey
from hexaccount.signing_keys.key_schedule import SIGNS_AFTER
from hexaccount.signing_keys.list_keys import KeyView, ListKeys
from hexaccount.signing_keys.ports import ALGORITHMS
from hexaccount.signing_keys.remove_key import RemoveKey
from hexaccount.signing_keys.retire_key import RetireKey
from hexaccount_click.options import json_option, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.program import Program
from hexaccount_click.table import align, printable

_HEADINGS = ("KEY", "ALGORITHM", "STATE", "SIGNS FROM", "RETIRED", "VERIFIES UNTIL")
_A_YEAR = 31_536_000


@click.group()
def keys() -> None:
    """List, add, retire and remove signing keys.

    To rotate: add a key, which is published at once and signs once everybody has it; the one before goes on
    verifying its tokens and may be removed when the last has expired.
    """


@keys.command("list")
@json_option
@pass_program
def list_keys(program: Program, *, as_json: bool) -> None:
    """List the keys and what each is doing."""
    found = program.bus().handle(ListKeys())
    if as_json:
        say_json({"data": [_document(key) for key in found]})
    else:
        say("\n".join(align([_HEADINGS, *map(_row, found)])))


@keys.command()
@click.option(
    "--algorithm", type=click.Choice(ALGORITHMS), default=ALGORITHMS[0], show_default=True, help="What it signs with."
)
@click.option(
    "--signs-after",
    type=click.IntRange(0, _A_YEAR),
    default=int(SIGNS_AFTER.total_seconds()),
    show_default=True,
    metavar="SECONDS",
    help="How long it is only published; less is for emergencies.",
)
@json_option
@pass_program
def add(program: Program, *, algorithm: str, signs_after: int, as_json: bool) -> None:
    """Make a key, publish it, and print its name."""
    added = program.bus().handle(AddKey(algorithm=algorithm, signs_after=timedelta(seconds=signs_after)))
    if as_json:
        say_json({"data": {"kid": added.kid, "signs_from": added.signs_from}})
        return
    say(added.kid)
    note(f"It is published now and signs from {format_time(added.signs_from)}.")


@keys.command()
@click.argument("kid")
@pass_program
def retire(program: Program, *, kid: str) -> None:
    """Let a key sign no more; its tokens live on."""
    program.bus().handle(RetireKey(kid=kid))
    say(f"{printable(kid)} signs no more; its tokens are good until they expire.")


@keys.command()
@click.argument("kid")
@click.option("--compromised", is_flag=True, help="At once, whatever it has signed: its tokens die with it.")
@pass_program
def remove(program: Program, *, kid: str, compromised: bool) -> None:
    """Forget a key whose tokens have all expired."""
    program.bus().handle(RemoveKey(kid=kid, compromised=compromised))
    say(f"{printable(kid)} is removed.")


def _document(key: KeyView) -> dict[str, object]:
    return {
        "kid": key.kid,
        "algorithm": key.algorithm,
        "state": key.state.value,
        "from_settings": key.from_settings,
        "created_at": key.created_at,
        "signs_from": key.signs_from,
        "retired_at": key.retired_at,
        "verifies_until": key.verifies_until,
    }


def _row(key: KeyView) -> tuple[str, ...]:
    name = f"{key.kid} (jwt.key)" if key.from_settings else key.kid
    return (
        name,
        key.algorithm,
        key.state.value,
        _time(key.signs_from),
        _time(key.retired_at),
        _time(key.verifies_until),
    )


def _time(moment: datetime | None) -> str:
    return "-" if moment is None else format_time(moment)
