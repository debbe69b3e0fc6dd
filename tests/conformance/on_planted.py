"""The kit on a store with each planted bug. Only `test_planted_bugs` runs it: its tests are expected to fail."""

from types import new_class

import pytest

from hexaccount.conformance import StoreContract, StoreUnderTest
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_system import Uuid7Identifiers
from tests.conformance.planted import BUGS, Bug, PlantedStore


class _Planted:
    @pytest.fixture
    def under_test(self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> StoreUnderTest:
        contract = request.node.nodeid.split("::")[1]
        next(bug for bug in BUGS.values() if bug.contract == contract).plant(monkeypatch)
        planted = PlantedStore(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract"))
        return StoreUnderTest(lambda recorder, records: planted.another(), rounds=5)


def kit_on(bug: Bug) -> type:
    return new_class(bug.contract, (_Planted, StoreContract), exec_body=lambda body: body.update(__module__=__name__))


globals().update({bug.contract: kit_on(bug) for bug in BUGS.values()})


class TestWithoutABug(StoreContract):
    @pytest.fixture
    def under_test(self) -> StoreUnderTest:
        planted = PlantedStore(EventRecorder(Uuid7Identifiers(), "urn:hexaccount:contract"))
        return StoreUnderTest(lambda recorder, records: planted.another(), rounds=5)
