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
from tests.contracts.sql_stores import migrate_with_kit, new_file, open_sql_store, quick_directory

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with TemporaryDirectory(dir=quick_directory(tmp_path_factory.mktemp("store"))) as directory:
        yield Path(directory)


@pytest.fixture(scope="module")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "store.db"
    migrate_with_kit(f"sqlite:///{file}")
    return file


class TestSqliteStore(StoreContract, also=[DurabilityContract, ProcessesContract]):
    @pytest.fixture
    def under_test(self, folder: Path, migrated: Path) -> StoreUnderTest:
        url = new_file(folder, migrated)
        return StoreUnderTest(partial(open_sql_store, url), rounds=3, commands=150, migrated=True)


class TestSqliteSchema(SchemaContract):
    @pytest.fixture
    def under_test(self, tmp_path: Path) -> StoreUnderTest:
        return StoreUnderTest(partial(open_sql_store, f"sqlite:///{tmp_path}/store.db"))
