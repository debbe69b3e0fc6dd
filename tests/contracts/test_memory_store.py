import pytest

from hexaccount.conformance import CommitHooksContract, StoreContract, StoreUnderTest, WatchContract
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.store import Store
from hexaccount_memory import MemoryStore
from hexaccount_system import Uuid7Identifiers


class TestMemoryStore(StoreContract, also=[WatchContract]):
    @pytest.fixture
    def under_test(self, inner_loop: bool) -> StoreUnderTest:
        store: Store = MemoryStore(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract"))
        # Every handle is the store itself.
        return StoreUnderTest(lambda recorder, records: store, rounds=20 if inner_loop else 200)


class TestMemoryStoreHooks(CommitHooksContract):
    @pytest.fixture
    def under_test(self, inner_loop: bool) -> StoreUnderTest:
        return StoreUnderTest(lambda recorder, records: MemoryStore(recorder))
