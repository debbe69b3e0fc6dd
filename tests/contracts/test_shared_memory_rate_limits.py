from pathlib import Path

import pytest

from hexaccount.conformance.suites import StoreUnderTest
from hexaccount.conformance.suites.rate_limits import RateLimitStoreContract
from hexaccount.conformance.suites.right_logins import RightLoginsContract
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory import MemoryStore
from hexaccount_shared_memory import SharedMemoryRateLimitStore


class _CountingInAFile(MemoryStore):
    """A memory store that counts attempts in a mapped file, which it opens by itself."""

    def __init__(self, recorder: EventRecorder, path: Path) -> None:
        super().__init__(recorder)
        self.rate_limits = SharedMemoryRateLimitStore(path)


class _OnSharedMemory:
    @pytest.fixture
    def under_test(self, tmp_path: Path) -> StoreUnderTest:
        return StoreUnderTest(lambda recorder, records: _CountingInAFile(recorder, tmp_path / "limits"), rounds=20)


class TestSharedMemoryRateLimits(_OnSharedMemory, RateLimitStoreContract):
    """Attempts are counted as in every store."""


class TestRightLoginsOnSharedMemory(_OnSharedMemory, RightLoginsContract):
    """Each of the two handles has accounts of its own, and both count in one file."""
