from collections.abc import Iterator
from functools import partial

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.message_buses import BusFactory, open_bus_factory
from hexaccount.conformance.suites.races import outcome
from hexaccount.kernel.bus import MessageBus
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.store_kit.store import Store

_MAX_HISTORIES = 50


class TwoBusesContract(ContractSuite):
    """The fixtures of suites that race the whole service on two handles, as two processes would."""

    @pytest.fixture
    def bus_factory(self) -> Iterator[BusFactory]:
        with open_bus_factory() as bus_factory:
            yield bus_factory

    @pytest.fixture
    def buses(self, store: Store, other_store: Store, bus_factory: BusFactory) -> list[MessageBus]:
        """Return two buses, each on its own handle."""
        return [bus_factory.create_bus(store), bus_factory.create_bus(other_store)]

    @pytest.fixture
    def histories(self, under_test: StoreUnderTest) -> int:
        """Return the number of histories that a test records; password hashing limits it."""
        return min(under_test.rounds, _MAX_HISTORIES)


def is_alive(bus: MessageBus, token: str) -> bool:
    """Return whether the bus accepts an access token."""
    return outcome(partial(bus.handle, Authenticate(token=token)), NotAuthenticated) == "done"
