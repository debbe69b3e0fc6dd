import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hexaccount.conformance import (
    DurabilityContract,
    ProcessesContract,
    SchemaContract,
    StoreContract,
    StoreUnderTest,
)
from tests.contracts.sql_stores import open_sql_store, quick_directory

pytestmark = pytest.mark.long


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    with TemporaryDirectory(dir=quick_directory(tmp_path)) as directory:
        yield Path(directory)


class TestSqliteStore(StoreContract, also=[DurabilityContract, ProcessesContract]):
    @pytest.fixture
    def under_test(self, folder: Path, migrated_file: Path) -> StoreUnderTest:
        file = shutil.copy(migrated_file, folder)
        return StoreUnderTest(partial(open_sql_store, f"sqlite:///{file}"), rounds=10, commands=150, migrated=True)


class TestSqliteSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, folder: Path) -> StoreUnderTest:
        return StoreUnderTest(partial(open_sql_store, f"sqlite:///{folder}/store.db"))
