import pytest

from hexaccount.conformance import StoreContract, StoreUnderTest
from hexaccount.kernel.records import RecordSchema
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_memory import MemoryStore


class TestMemoryStore(StoreContract):
    @pytest.fixture
    def under_test(self) -> StoreUnderTest:
        opened: list[Store] = []

        def open_once(recorder: EventRecorder, _records: RecordSchema) -> Store:
            """Return the store itself as every handle."""
            if not opened:
                opened.append(MemoryStore(recorder))
            return opened[0]

        return StoreUnderTest(open_once, commands=150)
