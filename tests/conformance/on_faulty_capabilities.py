"""The kit on `hexaccount_notes` with each fault. Only `test_capability_faults` runs it: its tests are to fail."""

from datetime import UTC, datetime
from types import new_class
from uuid import UUID, uuid4

import pytest

from hexaccount.conformance import CapabilityContract, CapabilityUnderTest
from hexaccount_notes import capability
from hexaccount_notes.commands import notes
from hexaccount_notes.http import routes
from hexaccount_notes.note import NOTES, Note
from tests.conformance.capability_faults import FAULTS, Fault

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def good() -> CapabilityUnderTest:
    written, removed = (Note.write(uuid4(), UUID(int=7), text, NOON) for text in ("a note", "another"))
    removed.remove(NOON)
    return CapabilityUnderTest(
        package="hexaccount_notes",
        capability=capability,
        samples={NOTES: [written, removed]},
        routes=[routes],
        commands=[notes],
    )


class _Faulty:
    @pytest.fixture
    def under_test(self, request: pytest.FixtureRequest) -> CapabilityUnderTest:
        contract = request.node.nodeid.split("::")[1]
        return next(fault for fault in FAULTS.values() if fault.contract == contract).plant(good())


def kit_on(fault: Fault) -> type:
    return new_class(
        fault.contract, (_Faulty, CapabilityContract), exec_body=lambda body: body.update(__module__=__name__)
    )


globals().update({fault.contract: kit_on(fault) for fault in FAULTS.values()})


class TestWithoutAFault(CapabilityContract):
    @pytest.fixture
    def under_test(self) -> CapabilityUnderTest:
        return good()
