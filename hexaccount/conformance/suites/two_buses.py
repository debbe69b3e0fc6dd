from collections.abc import Iterator

import pytest

from hexaccount.conformance.suites.on_a_bus import BusParts, bus_parts
from hexaccount.conformance.suites.subject import ContractSuite, StoreUnderTest
from hexaccount.kernel.bus import Bus
from hexaccount.store_kit.store import Store

_ENOUGH = 50


class TwoBusesContract(ContractSuite):
    """The fixtures of the suites that race the whole service, as two processes would, on one store."""

    @pytest.fixture
    def parts(self) -> Iterator[BusParts]:
        """Return what the buses of a test are made of."""
        with bus_parts() as parts:
            yield parts

    @pytest.fixture
    def buses(self, store: Store, another: Store, parts: BusParts) -> list[Bus]:
        """Return two buses, each on a handle of its own."""
        return [parts.bus_on(store), parts.bus_on(another)]

    @pytest.fixture
    def histories(self, under_test: StoreUnderTest) -> int:
        """Return how many histories a test records; where the store is quick, it is the hashes that take the time."""
        return min(under_test.rounds, _ENOUGH)
