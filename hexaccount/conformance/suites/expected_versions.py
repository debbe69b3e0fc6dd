from functools import partial

import pytest

from hexaccount.accounts.errors import UnexpectedVersion
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.message_buses import open_bus_factory, registration
from hexaccount.conformance.suites.races import RacingThreads, check_one_winner, outcome
from hexaccount.conformance.suites.transactions import save
from hexaccount.kernel.bus import MessageBus
from hexaccount.store_kit.store import Store

THREADS = 8


class ExpectedVersionsContract(ContractSuite):
    """A change that expects one version of a profile is not applied to another."""

    def test_one_of_racing_changes_that_expect_one_version_succeeds(self, store: Store, other_store: Store) -> None:
        with open_bus_factory() as bus_factory, RacingThreads(THREADS) as threads:
            buses = [bus_factory.create_bus(handle) for handle in (store, other_store)] * (THREADS // 2)
            user_id = buses[0].handle(registration("juliet"))
            for _ in range(10):
                version = buses[0].handle(GetProfile(user_id=user_id)).version
                texts = [f"{version} of {number}" for number in range(THREADS)]
                commands = [UpdateProfile(user_id=user_id, changes={"bio": t}, expected=[version]) for t in texts]
                calls = [partial(self.send, *pair) for pair in zip(buses, commands, strict=True)]
                outcomes = threads.race(calls)
                check_one_winner(outcomes, UnexpectedVersion)
                bio = buses[0].handle(GetProfile(user_id=user_id)).bio
                assert [outcome for outcome, text in zip(outcomes, texts, strict=True) if text == bio] == ["done"]

    def test_a_profile_created_in_the_meantime_is_not_the_expected_version(
        self, store: Store, factory: Factory
    ) -> None:
        with open_bus_factory() as bus_factory:
            bus = bus_factory.create_bus(store)
            user_id = bus.handle(registration("juliet"))
            expecting = partial(UpdateProfile, user_id=user_id, changes={"bio": "Actor"})
            save(store, factory.profile(user_id))
            with pytest.raises(UnexpectedVersion):
                bus.handle(expecting(expected=[0]))
            assert bus.handle(GetProfile(user_id=user_id)).bio is None
            assert bus.handle(expecting(expected=[0, 1])).version == 2

    @staticmethod
    def send(bus: MessageBus, command: UpdateProfile) -> str:
        return outcome(partial(bus.handle, command), UnexpectedVersion)
