"""Compares our service with what people would pick instead, on one PostgreSQL, in interleaved rounds."""

import random
import sys
import tempfile

from benchmarks.peers.contestants import contestants
from benchmarks.peers.installation import install
from benchmarks.peers.report import report
from benchmarks.peers.rounds import measure_round, prepare
from benchmarks.processor import postgresql_server
from benchmarks.servers import Servers
from benchmarks.table import Table
from hexaccount_security import choose_engine


def compare(rounds: int, seconds: float) -> None:
    """Measure and print; raises EngineUnavailable without the engine that is measured."""
    choose_engine("interleaved")
    table, order, folder = Table(), random.Random(0), install()
    with Servers() as servers, tempfile.TemporaryFile() as log:
        compared = contestants(servers, folder, log)
        prepare(compared)
        server = postgresql_server(servers.url("postgresql"))
        for number in range(rounds):
            print(f"round {number + 1}", file=sys.stderr)
            measure_round(table, compared, server, seconds, order)
    for line in report(table, [contestant.name for contestant in compared]):
        print(line)
