from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from hexaccount.accounts.views import UserView
from hexaccount.passwords.hash_calibration import CostProposal, HashSpeed, HashSpeeds, propose_cost
from hexaccount.passwords.set_password import SetPassword
from hexaccount_click.actor import reason_option
from hexaccount_click.options import json_option, pass_program
from hexaccount_click.output import print_json, print_message, print_result, print_table
from hexaccount_click.program import Program
from hexaccount_click.prompts import PasswordCommand, get_password, password_stdin_option
from hexaccount_click.table import printable
from hexaccount_click.user_argument import pass_user

if TYPE_CHECKING:
    from hexaccount.kernel.bus import MessageBus

_DEFAULT_TARGET_MS = 250.0
_HEADINGS = ("COST", "ONE HASH", "HASHES/S", "")


@click.command("set-password", cls=PasswordCommand)
@pass_user
@password_stdin_option
@reason_option
def set_password(bus: "MessageBus", user: UserView, *, password_stdin: bool) -> None:
    """Set the password of an account and end all its sessions. Prompts for the password."""
    password = get_password(from_stdin=password_stdin)
    bus.handle(SetPassword.of_text(user_id=user.id, password=password))
    print_result(f"{printable(user.user_name)} has a new password, and is logged out everywhere.")


@click.group()
def hash() -> None:  # noqa: A001 - get_command finds the command by this name
    """Measure password hashing on this machine."""


@hash.command()
@click.option(
    "--target-ms",
    type=click.FloatRange(1, 60_000),
    help=f"How long a hash should take, in milliseconds; {_DEFAULT_TARGET_MS:g} unless --logins-per-second is given.",
)
@click.option(
    "--logins-per-second", type=click.FloatRange(0, min_open=True), metavar="N", help="The throughput to allow."
)
@json_option
@pass_program
def calibrate(program: Program, *, target_ms: float | None, logins_per_second: float | None, as_json: bool) -> None:
    """Measure bcrypt on all cores for a few seconds, and propose password.cost.

    Hashes a second are those of a loaded service, which computes several at once on each core if its engine can. With
    --logins-per-second, propose the highest cost that allows that many.
    """
    if target_ms is None and logins_per_second is None:
        target_ms = _DEFAULT_TARGET_MS
    print_message("Stop other programs: measuring takes a few seconds.")
    measured = program.hash_speeds()
    target = None if target_ms is None else target_ms / 1000
    proposal = propose_cost(measured, target=target, logins_per_second=logins_per_second)
    if as_json:
        print_json({"data": _document(measured, proposal)})
        return
    current = program.shown_settings()["password.cost"]
    print_table(_rows(measured.speeds, proposed=proposal.speed.cost, current=current))
    print_result(_summary(measured, proposal))
    for warning in proposal.warnings:
        print_message(f"warning: {warning}")


def _rows(speeds: Sequence[HashSpeed], *, proposed: int, current: object) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for speed in speeds:
        remarks = {
            "proposed": speed.cost == proposed,
            "current": speed.cost == current,
            "estimated": not speed.measured,
        }
        cells = (str(speed.cost), _time(speed.seconds), _rate(speed.per_second))
        numbers = [cell.rjust(len(heading)) for cell, heading in zip(cells, _HEADINGS, strict=False)]
        rows.append((*numbers, ", ".join(remark for remark, applies in remarks.items() if applies)))
    return rows


def _summary(measured: HashSpeeds, proposal: CostProposal) -> str:
    speed = proposal.speed
    cores = "1 core" if measured.cores == 1 else f"{measured.cores} cores"
    return (
        f"Set password.cost to {speed.cost}: a hash takes {_time(speed.seconds)}, and {cores} allow at most "
        f"{_rate(speed.per_second)} logins a second ({measured.engine})."
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _rate(per_second: float) -> str:
    return f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.1f}"


def _document(measured: HashSpeeds, proposal: CostProposal) -> dict[str, object]:
    return {
        "engine": measured.engine,
        "cores": measured.cores,
        "speeds": [_speed(speed) for speed in measured.speeds],
        "proposal": _speed(proposal.speed),
        "warnings": proposal.warnings,
    }


def _speed(speed: HashSpeed) -> dict[str, object]:
    return {
        "cost": speed.cost,
        "milliseconds": round(speed.seconds * 1000, 1),
        "hashes_per_second": round(speed.per_second, 2),
        "measured": speed.measured,
    }
