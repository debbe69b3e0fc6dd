from functools import partial
from pathlib import Path

import pytest

from hexaccount.conformance import DurabilityContract, SchemaContract, StoreContract, StoreUnderTest
from hexaccount_filestore import open_store


class TestFileStore(StoreContract, also=[DurabilityContract, SchemaContract]):
    @pytest.fixture
    def under_test(self, tmp_path: Path) -> StoreUnderTest:
        return StoreUnderTest(partial(open_store, f"filestore://{tmp_path}/accounts.journal"))
