from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hexaccount.conformance import (
    CacheMarksContract,
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
)
from tests.contracts.sql_stores import open_sql_store, quick_directory


class TestSqliteStore(StoreContract, also=[CacheMarksContract, DurabilityContract, ProcessesContract, SchemaContract]):
    @pytest.fixture
    def under_test(self, tmp_path: Path) -> Iterator[StoreUnderTest]:
        with TemporaryDirectory(dir=quick_directory(tmp_path)) as directory:
            yield StoreUnderTest(partial(open_sql_store, f"sqlite:///{directory}/store.db"), commands=150)
