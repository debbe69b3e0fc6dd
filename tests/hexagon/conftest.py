from collections.abc import Iterator
from uuid import UUID

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryStore
from hexaccount_system import Uuid7Identifiers
from tests.people import registration


@pytest.fixture
def clock() -> AdjustableClock:
    return AdjustableClock()


@pytest.fixture
def recorder() -> EventRecorder:
    return EventRecorder(Uuid7Identifiers(), source="urn:hexaccount:test")


@pytest.fixture
def store(recorder: EventRecorder) -> MemoryStore:
    return MemoryStore(recorder)


@pytest.fixture
def service(clock: AdjustableClock) -> Iterator[Service]:
    settings = Settings(store="memory://", password=PasswordSettings(cost=4))
    with open_service(settings, clock=clock) as service:
        service.subscribe()
        yield service


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration("juliet"))
