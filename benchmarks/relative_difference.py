"""The relative difference of the means of two interleaved series, with its confidence interval."""

import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

RESAMPLES = 2000
FEWEST = 10
"""Resampling fewer pairs says nothing about their spread."""


@dataclass(frozen=True)
class RelativeDifference:
    """(mean of ours / mean of theirs) - 1, with the 95 % confidence interval."""

    pairs: int
    ours: float
    theirs: float
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.ours / self.theirs - 1

    def lies_within(self, bound: float) -> bool:
        """Return whether the whole interval lies between -bound and +bound; few samples do not prove equality."""
        return self.pairs >= FEWEST and -bound <= self.low and self.high <= bound


def relative_difference(ours: Sequence[float], theirs: Sequence[float], *, seed: int = 0) -> RelativeDifference:
    """Compare two series whose n-th members were measured in turn, by resampling the pairs (bootstrap)."""
    pairs = list(zip(ours, theirs, strict=True))
    choose = random.Random(seed)
    found = []
    for _ in range(RESAMPLES):
        chosen = choose.choices(pairs, k=len(pairs))
        found.append(sum(mine for mine, _ in chosen) / sum(other for _, other in chosen) - 1)
    found.sort()
    low, high = found[int(RESAMPLES * 0.025)], found[int(RESAMPLES * 0.975)]
    return RelativeDifference(len(pairs), statistics.fmean(ours), statistics.fmean(theirs), low, high)
