"""The tables of a comparison: the metrics of each contestant, and our aims."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.peers.contestants import BARE, BETTER_AUTH, EXPRESS, FASTAPI, FLASK, SHIPPED
from benchmarks.peers.rounds import (
    LOGINS,
    ME,
    PSS,
    QUIET_P50,
    QUIET_P99,
    REFRESHES,
    REGISTRATIONS,
    START,
    STORM_P50,
    STORM_P99,
    USERS,
    metric,
    per_processor_second,
    per_second,
    processor,
)
from benchmarks.table import Table, spread

_PYTHON_PEERS = (FLASK, FASTAPI)
_PEERS = (*_PYTHON_PEERS, BETTER_AUTH, EXPRESS)
_OPERATIONS = (*LOGINS.values(), REGISTRATIONS, ME, REFRESHES, USERS)


@dataclass(frozen=True)
class Aim:
    """A bound of one of our metrics: a value, or a factor of the same or another metric of the best of the others.

    With both, either is enough.
    """

    name: str
    at_least: bool = True
    value: float | None = None
    factor: float | None = None
    of: tuple[str, ...] = ()
    other: str = ""
    ours: str = BARE

    def row(self, table: Table) -> str:
        """Return its row in Markdown."""
        found = table.metrics[metric(self.ours, self.name)]
        measured, aims, met = [spread(found)], [], False
        sign = "≥" if self.at_least else "≤"
        if self.value is not None:
            aims.append(f"{sign} {self.value:g}")
            met = self._reached(found, self.value)
        if self.factor is not None:
            best = self._best(table)
            ratios = [mine / theirs for mine, theirs in zip(found, table.metrics[best], strict=True)]
            measured.append(f"{spread(ratios)} of {best}")
            aims.append(f"{sign} {self.factor:g} times")
            met = met or self._reached(ratios, self.factor)
        verdict = "met" if met else "**missed**"
        return f"| {self.ours}: {self.name} | {'; '.join(measured)} | {' or '.join(aims)} | {verdict} |"

    def _best(self, table: Table) -> str:
        names = [metric(contestant, self.other or self.name) for contestant in self.of]
        return (max if self.at_least else min)(names, key=lambda name: statistics.median(table.metrics[name]))

    def _reached(self, values: Sequence[float], bound: float) -> bool:
        median = statistics.median(values)
        return median >= bound if self.at_least else median <= bound


AIMS = (
    Aim(per_second(LOGINS[12]), factor=1.6, of=_PEERS),
    Aim(per_second(LOGINS[10]), factor=1.6, of=_PEERS),
    Aim(per_second(LOGINS[4]), factor=1.0, of=(EXPRESS,)),
    Aim(per_second(REGISTRATIONS), factor=1.5, of=_PYTHON_PEERS),
    Aim(per_second(ME), factor=2.0, of=_PEERS),
    Aim(STORM_P99, at_least=False, value=9, factor=1.5, of=(BARE,), other=QUIET_P99),
    Aim(PSS, at_least=False, value=115),
    Aim(START, at_least=False, value=900, factor=1.3, of=(EXPRESS,)),
    Aim(per_second(LOGINS[4]), factor=1.0, of=_PYTHON_PEERS, ours=SHIPPED),
    Aim(per_second(REGISTRATIONS), factor=1.0, of=_PYTHON_PEERS, ours=SHIPPED),
    Aim(per_processor_second(REFRESHES), value=300, ours=SHIPPED),
    Aim(per_second(USERS), value=300, ours=SHIPPED),
)
_COLUMNS = (
    *(per_second(name) for name in (*LOGINS.values(), REGISTRATIONS, ME)),
    QUIET_P50,
    QUIET_P99,
    STORM_P50,
    STORM_P99,
    PSS,
    START,
)


def report(table: Table, contestants: Sequence[str]) -> Iterator[str]:
    """Yield the lines of three tables in Markdown: metrics, processor time, aims; each value as median and spread."""
    yield from _table(table, contestants, _COLUMNS)
    yield ""
    yield from _table(table, contestants, [*(processor(name) for name in _OPERATIONS), per_second(REFRESHES)])
    yield ""
    yield "| aim | measured | bound | |"
    yield "|---|---|---|---|"
    yield from (aim.row(table) for aim in AIMS)


def _table(table: Table, contestants: Sequence[str], columns: Sequence[str]) -> Iterator[str]:
    yield f"| | {' | '.join(columns)} |"
    yield "|---" * (len(columns) + 1) + "|"
    for contestant in contestants:
        names = [metric(contestant, column) for column in columns]
        yield f"| {contestant} | {' | '.join(table.show(name) if name in table.metrics else '' for name in names)} |"
