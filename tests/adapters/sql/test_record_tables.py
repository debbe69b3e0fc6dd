import sys
from collections.abc import Iterator
from dataclasses import make_dataclass
from functools import partial
from uuid import UUID

import pytest

from hexaccount.conformance.suites.races import RacingThreads
from hexaccount.kernel.records import RecordType
from hexaccount_sql.record_tables import table_of

THREADS = 8
FIELDS = [("id", UUID), *((f"field_{number}", str) for number in range(20))]


@pytest.fixture
def _busy_threads() -> Iterator[None]:
    """Have threads take turns very often."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("_busy_threads")
def test_threads_that_need_a_table_first_at_the_same_moment_get_the_same_one() -> None:
    """Otherwise a statement is made of two, refused by the database, and cached for as long as the process lives."""
    with RacingThreads(THREADS) as threads:
        for number in range(20):
            record_type = RecordType.of(make_dataclass("Record", FIELDS, frozen=True), f"table_{number}", kind="record")
            tables = threads.race([partial(table_of, record_type)] * THREADS)
            assert len({id(table) for table in tables}) == 1
