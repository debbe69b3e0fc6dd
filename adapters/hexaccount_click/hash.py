from collections.abc import Sequence

import click

from hexaccount.passwords.hash_calibration import CostProposal, HashSpeed, HashSpeeds, propose_cost
from hexaccount_click.options import json_option, pass_program
from hexaccount_click.output import note, say, say_json
from hexaccount_click.program import Program
from hexaccount_click.table import align

_TARGET_MS = 250.0
_HEADINGS = ("COST", "ONE HASH", "HASHES/S", "")


@click.group()
def hash() -> None:  # noqa: A001 - get_command looks for the command by this name
    """See what hashing passwords takes on this machine."""


@hash.command()
@click.option(
    "--target-ms",
    type=click.FloatRange(1, 60_000),
    help=f"How long a hash should take, in milliseconds; {_TARGET_MS:g} where no logins are asked for.",
)
@click.option(
    "--logins-per-second", type=click.FloatRange(0, min_open=True), metavar="N", help="How many logins to allow."
)
@json_option
@pass_program
def calibrate(program: Program, *, target_ms: float | None, logins_per_second: float | None, as_json: bool) -> None:
    """Measure bcrypt on all cores for a few seconds and propose password.cost.

    With --logins-per-second it is the highest cost that allows as many.
    """
    if target_ms is None and logins_per_second is None:
        target_ms = _TARGET_MS
    note("Measuring for a few seconds; let nothing else run meanwhile.")
    measured = program.hash_speeds()
    target = None if target_ms is None else target_ms / 1000
    proposal = propose_cost(measured, target=target, logins_per_second=logins_per_second)
    if as_json:
        say_json({"data": _document(measured, proposal)})
        return
    in_force = program.shown_settings()["password.cost"]
    say("\n".join(align(_rows(measured.speeds, proposed=proposal.speed.cost, in_force=in_force))))
    say(_sentence(measured, proposal))
    for warning in proposal.warnings:
        note(f"warning: {warning}")


def _rows(speeds: Sequence[HashSpeed], *, proposed: int, in_force: object) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for speed in speeds:
        remarks = {
            "proposed": speed.cost == proposed,
            "in force": speed.cost == in_force,
            "reckoned": not speed.measured,
        }
        cells = (str(speed.cost), _time(speed.seconds), _rate(speed.per_second))
        numbers = [cell.rjust(len(heading)) for cell, heading in zip(cells, _HEADINGS, strict=False)]
        rows.append((*numbers, ", ".join(remark for remark, applies in remarks.items() if applies)))
    return rows


def _sentence(measured: HashSpeeds, proposal: CostProposal) -> str:
    speed = proposal.speed
    cores = "1 core" if measured.cores == 1 else f"{measured.cores} cores"
    return (
        f"Set password.cost to {speed.cost}: a hash takes {_time(speed.seconds)}, "
        f"and {cores} allow {_rate(speed.per_second)} logins a second at the most."
    )


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"


def _rate(per_second: float) -> str:
    return f"{per_second:.0f}" if per_second >= 10 else f"{per_second:.1f}"


def _document(measured: HashSpeeds, proposal: CostProposal) -> dict[str, object]:
    return {
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
