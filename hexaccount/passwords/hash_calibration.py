"""Finds the cost of hashing that a machine can afford."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

RECOMMENDED_COST = 10
"""The minimum for bcrypt in OWASP's Password Storage Cheat Sheet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashSpeed:
    """The speed of hashing at one cost while every core hashes.

    `seconds` is the time of a hash that no other waits with, `per_second` the number of hashes on all cores while so
    many wait that each core computes as many at once as its engine can. `measured` is false where both
    were computed from the next lower cost: each cost takes twice as long as the one before.
    """

    cost: int
    seconds: float
    per_second: float
    measured: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class HashSpeeds:
    """The hashing speeds of a machine with an engine, by ascending cost."""

    engine: str
    cores: int
    speeds: Sequence[HashSpeed]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostProposal:
    """The proposed cost, with warnings."""

    speed: HashSpeed
    warnings: Sequence[str]


def propose_cost(
    measured: HashSpeeds, *, target: float | None = None, logins_per_second: float | None = None
) -> CostProposal:
    """Return the cost whose hash takes closest to `target` seconds and that allows the logins; one of both is required.

    For logins alone it is the highest cost that allows them. If both targets contradict each other, the logins decide.
    """
    warnings: list[str] = []
    chosen = measured.speeds[-1]
    if target is not None:
        chosen = min(measured.speeds, key=lambda speed: _distance(speed.seconds, target))
    if logins_per_second is not None:
        allowing = [speed for speed in measured.speeds if speed.per_second >= logins_per_second]
        highest = allowing[-1] if allowing else measured.speeds[0]
        if not allowing:
            warnings.append(_too_many(measured, logins_per_second))
        if target is not None and highest.cost < chosen.cost:
            warnings.append(
                f"the targets contradict each other: {target * 1000:g} ms ask for cost {chosen.cost}, "
                f"{logins_per_second:g} logins a second for {highest.cost} at the most"
            )
        chosen = min(chosen, highest, key=lambda speed: speed.cost)
    if chosen.cost < RECOMMENDED_COST:
        warnings.append(
            f"cost {chosen.cost} is below {RECOMMENDED_COST}, the least that OWASP recommends; stolen hashes would be "
            "guessed too fast: rather allow fewer logins, or add cores"
        )
    return CostProposal(speed=chosen, warnings=warnings + _unsteadiness(measured.speeds))


def _distance(seconds: float, target: float) -> float:
    return max(seconds / target, target / seconds)


def _too_many(measured: HashSpeeds, logins_per_second: float) -> str:
    lowest = measured.speeds[0]
    cores = ceil(measured.cores * logins_per_second / lowest.per_second)
    return (
        f"even cost {lowest.cost} allows {lowest.per_second:.0f} logins a second here and not {logins_per_second:g}, "
        f"which would need about {cores} cores like these"
    )


def _unsteadiness(speeds: Sequence[HashSpeed]) -> list[str]:
    known = [speed.seconds for speed in speeds if speed.measured]
    if all(1.6 < slower / faster < 2.5 for faster, slower in pairwise(known)):
        return []
    return ["the speed of this machine changed while it was measured; measure again while nothing else runs"]
