"""The comparison with peers: its aims, and that each peer does the work that it is measured with."""

import random
import tempfile

import pytest

from benchmarks.peers import rounds
from benchmarks.peers.contestants import BARE, BETTER_AUTH, EXPRESS, SHIPPED, contestants
from benchmarks.peers.installation import PROGRAMS, install
from benchmarks.peers.report import AIMS, Aim, report
from benchmarks.processor import postgresql_server
from benchmarks.servers import Servers
from benchmarks.storm import Answer
from benchmarks.table import Table


def table_of(**series: list[float]) -> Table:
    """Return a table of the contestants' `x`, named by a letter for each."""
    names = {"o": BARE, "s": SHIPPED, "b": BETTER_AUTH, "e": EXPRESS}
    return Table({f"{names[letter]}: x": values for letter, values in series.items()})


@pytest.mark.parametrize(("ours", "verdict"), [([31, 33, 35], "met"), ([31, 31.9, 35], "**missed**")])
def test_a_factor_is_compared_with_the_best_of_the_others_round_by_round(ours: list[float], verdict: str) -> None:
    table = table_of(o=ours, b=[10, 10, 30], e=[20, 20, 20])
    row = Aim("x", factor=1.6, of=(BETTER_AUTH, EXPRESS)).row(table)
    assert f"of {EXPRESS}: x | ≥ 1.6 times | {verdict} |" in row


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [([9, 9, 9], "met"), ([15, 15, 15], "met"), ([15, 16, 16], "**missed**")],
)
def test_of_a_value_and_a_factor_either_is_enough(ours: list[float], verdict: str) -> None:
    table = table_of(o=ours, e=[10, 10, 10])
    row = Aim("x", at_least=False, value=9, factor=1.5, of=(EXPRESS,)).row(table)
    assert row.endswith(f"| ≤ 9 or ≤ 1.5 times | {verdict} |")


def test_the_best_of_what_should_be_low_is_the_lowest() -> None:
    table = table_of(o=[10], b=[10], e=[5])
    assert "2 (2 to 2) of Express" in Aim("x", at_least=False, factor=1.5, of=(BETTER_AUTH, EXPRESS)).row(table)


def test_metrics_that_a_contestant_does_not_have_are_empty_cells() -> None:
    table = Table()
    for aim in AIMS:
        for contestant in (aim.ours, *aim.of):
            table.metrics[rounds.metric(contestant, aim.name)] = [1.0]
            table.metrics[rounds.metric(contestant, aim.other or aim.name)] = [1.0]
    lines = list(report(table, [BARE, EXPRESS]))
    cells = {line.count("|") for line in lines if line.startswith((f"| {BARE} |", f"| {EXPRESS} |", "| |"))}
    assert len(cells) == 2  # those of two tables
    assert len(lines[lines.index("| aim | measured | bound | |") + 2 :]) == len(AIMS)


@pytest.mark.parametrize(
    ("began", "ended", "share"), [(1, 2, 1.0), (-1, 1, 0.5), (9, 11, 0.5), (-5, 15, 0.5), (-2, -1, 0.0), (11, 12, 0.0)]
)
def test_a_login_counts_with_its_share_of_the_measured_time(began: float, ended: float, share: float) -> None:
    assert Answer(200, began, ended).share_between(0, 10) == share


def test_every_package_of_the_peers_is_pinned() -> None:
    lines = (PROGRAMS / "requirements.txt").read_text().splitlines()
    assert all("==" in line for line in lines if not line.startswith("#"))


@pytest.mark.slow
def test_every_contestant_does_the_work_that_it_is_measured_with() -> None:
    table, folder = Table(), install()
    with Servers() as servers, tempfile.TemporaryFile() as log:
        compared = contestants(servers, folder, log)
        rounds.prepare(compared)
        server = postgresql_server(servers.url("postgresql"))
        rounds.measure_round(table, compared, server, 0.5, random.Random(0))
    assert all(min(values) > 0 for values in table.metrics.values())
    # Less would be that of only some of the requests.
    assert all(min(values) > 0.1 for name, values in table.metrics.items() if name.endswith("processor ms"))
    assert all(aim.row(table) for aim in AIMS)
