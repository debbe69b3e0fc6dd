from functools import partial
from pathlib import Path

import pytest

from tests.contracts.sql_stores import open_sql_store
from tests.contracts.suites import (
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
)


class TestSqliteStore(StoreContract, also=[DurabilityContract, ProcessesContract, SchemaContract]):
    @pytest.fixture
    def under_test(self, tmp_path: Path) -> StoreUnderTest:
        return StoreUnderTest(partial(open_sql_store, f"sqlite:///{tmp_path}/store.db"))
