import pytest

from hexaccount.conformance import CacheMarksContract, StoreContract, StoreUnderTest, WatchContract
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_memory import MemoryStore
from hexaccount_system import Uuid7Identifiers


class TestMemoryStore(StoreContract, also=[WatchContract]):
    @pytest.fixture
    def under_test(self) -> StoreUnderTest:
        store: Store = MemoryStore(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract"))
        # One process has one memory: every handle is the store itself.
        return StoreUnderTest(lambda recorder: store, rounds=200)


class TestMemoryStoreMarks(CacheMarksContract):
    @pytest.fixture
    def under_test(self) -> StoreUnderTest:
        return StoreUnderTest(MemoryStore)
