from collections.abc import Iterator

import pytest

from hexaccount.application.recorder import Recorder
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryStore
from hexaccount_system import Uuid7Identifiers


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder(Uuid7Identifiers(), source="urn:hexaccount:test")


@pytest.fixture
def store(recorder: Recorder) -> MemoryStore:
    return MemoryStore(recorder)


@pytest.fixture
def service(clock: AdjustableClock) -> Iterator[Service]:
    settings = Settings(store="memory://", password=PasswordSettings(cost=4))
    with open_service(settings, clock=clock) as service:
        service.enrol()
        yield service
