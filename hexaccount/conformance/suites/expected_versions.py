from functools import partial

import pytest

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UnexpectedVersion, UpdateProfile
from hexaccount.conformance.suites.on_a_bus import bus_parts, registration
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.races import Racers, check_one_winner, outcome
from hexaccount.conformance.suites.storing import save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.kernel.bus import Bus
from hexaccount.store_kit.store import Store

THREADS = 8


class ExpectedVersionsContract(ContractSuite):
    """A change that was made for one version of a profile is not done to another, also where it has just begun."""

    def test_of_racing_changes_that_expect_one_version_one_is_done(self, store: Store, another: Store) -> None:
        with bus_parts() as parts, Racers(THREADS) as racers:
            buses = [parts.bus_on(handle) for handle in (store, another)] * (THREADS // 2)
            user_id = buses[0].handle(registration("juliet"))
            for _ in range(10):
                version = buses[0].handle(GetProfile(user_id=user_id)).version
                texts = [f"{version} of {number}" for number in range(THREADS)]
                commands = [UpdateProfile(user_id=user_id, changes={"bio": t}, expected=[version]) for t in texts]
                works = [partial(self.send, *pair) for pair in zip(buses, commands, strict=True)]
                outcomes = racers.race(works)
                check_one_winner(outcomes, UnexpectedVersion)
                bio = buses[0].handle(GetProfile(user_id=user_id)).bio
                assert [outcome for outcome, text in zip(outcomes, texts, strict=True) if text == bio] == ["done"]

    def test_a_profile_that_begins_meanwhile_is_not_the_expected_one(self, store: Store, people: People) -> None:
        with bus_parts() as parts:
            bus = parts.bus_on(store)
            user_id = bus.handle(registration("juliet"))
            expecting = partial(UpdateProfile, user_id=user_id, changes={"bio": "Actor"})
            save(store, people.profile(user_id))
            with pytest.raises(UnexpectedVersion):
                bus.handle(expecting(expected=[0]))
            assert bus.handle(GetProfile(user_id=user_id)).bio is None
            assert bus.handle(expecting(expected=[0, 1])).version == 2

    @staticmethod
    def send(bus: Bus, command: UpdateProfile) -> str:
        """Send a change, and return how it ended."""
        return outcome(partial(bus.handle, command), UnexpectedVersion)
