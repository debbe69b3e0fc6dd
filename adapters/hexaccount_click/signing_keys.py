from datetime import timedelta

import click

from hexaccount.kernel.clock import format_time
from hexaccount.signing_keys.add_key import AddKey
from hexaccount.signing_keys.key_schedule import SIGNS_AFTER
from hexaccount.signing_keys.list_keys import KeyView, ListKeys
from hexaccount.signing_keys.ports import ALGORITHMS
from hexaccount.signing_keys.remove_key import RemoveKey
from hexaccount.signing_keys.retire_key import RetireKey
from hexaccount_click.options import json_option, pass_program, wide_option
from hexaccount_click.output import Columns, print_json, print_list, print_message, print_result
from hexaccount_click.program import Program
from hexaccount_click.table import printable

_COLUMNS: Columns[KeyView] = {
    "KEY": lambda key: f"{key.kid} (jwt.key)" if key.from_settings else key.kid,
    "ALGORITHM": lambda key: key.algorithm,
    "STATE": lambda key: key.state,
    "SIGNS FROM": lambda key: key.signs_from,
    "RETIRED": lambda key: key.retired_at,
    "VERIFIES UNTIL": lambda key: key.verifies_until,
}
_YEAR_SECONDS = 31_536_000


@click.group()
def keys() -> None:
    """List, add, retire and remove signing keys.

    To rotate the keys, add one. It is published at once, and signs after --signs-after, when every verifier has it.
    The previous key verifies its tokens until the last one has expired; then remove it.
    """


@keys.command("list")
@wide_option
@json_option
@pass_program
def list_keys(program: Program, *, wide: bool, as_json: bool) -> None:
    """List the keys and their states."""
    print_list(program.bus().handle(ListKeys()), _COLUMNS, as_json=as_json, wide=wide)


@keys.command()
@click.option(
    "--algorithm", type=click.Choice(ALGORITHMS), default=ALGORITHMS[0], show_default=True, help="The algorithm."
)
@click.option(
    "--signs-after",
    type=click.IntRange(0, _YEAR_SECONDS),
    default=int(SIGNS_AFTER.total_seconds()),
    show_default=True,
    metavar="SECONDS",
    help="How long to publish the key before it signs; shorten this in an emergency only.",
)
@json_option
@pass_program
def add(program: Program, *, algorithm: str, signs_after: int, as_json: bool) -> None:
    """Create a key, publish it, and print its name."""
    added = program.bus().handle(AddKey(algorithm=algorithm, signs_after=timedelta(seconds=signs_after)))
    if as_json:
        print_json({"data": {"kid": added.kid, "signs_from": added.signs_from}})
        return
    print_result(added.kid)
    print_message(f"The key is published now, and signs from {format_time(added.signs_from)} on.")


@keys.command()
@click.argument("kid")
@pass_program
def retire(program: Program, *, kid: str) -> None:
    """Stop signing with a key; its tokens stay valid."""
    program.bus().handle(RetireKey(kid=kid))
    print_result(f"{printable(kid)} no longer signs; its tokens stay valid.")


@keys.command()
@click.argument("kid")
@click.option("--compromised", is_flag=True, help="Remove it now and invalidate its tokens.")
@pass_program
def remove(program: Program, *, kid: str, compromised: bool) -> None:
    """Remove a key whose tokens have all expired."""
    program.bus().handle(RemoveKey(kid=kid, compromised=compromised))
    print_result(f"{printable(kid)} is removed.")
