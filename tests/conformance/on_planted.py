"""The kit on a store with each planted bug. Only `test_planted_bugs` runs it: its tests are expected to fail."""

from functools import partial
from pathlib import Path
from types import new_class

import pytest

from hexaccount.conformance import ProcessesContract, StoreContract, StoreUnderTest
from tests.conformance.planted import BUGS, Bug, PlantedStore
from tests.contracts.sql_stores import open_sql_store


def store_under_test(on: str, folder: Path) -> StoreUnderTest:
    if on == "sqlite":
        return StoreUnderTest(partial(open_sql_store, f"sqlite:///{folder}/store.db"), rounds=5)
    planted = PlantedStore()
    return StoreUnderTest(lambda recorder, records: planted.another(recorder), rounds=5)


class _Planted:
    @pytest.fixture
    def under_test(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> StoreUnderTest:
        contract = request.node.nodeid.split("::")[1]
        bug = next(bug for bug in BUGS.values() if bug.contract == contract)
        bug.plant(monkeypatch)
        return store_under_test(bug.on, tmp_path)


def kit_on(bug: Bug) -> type:
    also = [ProcessesContract] if bug.on == "sqlite" else []
    return new_class(
        bug.contract, (_Planted, StoreContract), {"also": also}, lambda body: body.update(__module__=__name__)
    )


globals().update({bug.contract: kit_on(bug) for bug in BUGS.values()})


class TestWithoutABug(StoreContract):
    @pytest.fixture
    def under_test(self, tmp_path: Path) -> StoreUnderTest:
        return store_under_test("memory", tmp_path)


class TestSqliteWithoutABug(StoreContract, also=[ProcessesContract]):
    @pytest.fixture
    def under_test(self, tmp_path: Path) -> StoreUnderTest:
        return store_under_test("sqlite", tmp_path)
