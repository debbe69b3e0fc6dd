from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import msgspec
import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import LimitSettings
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.log_in import LogIn
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount.registration.register_user import REGISTER
from hexaccount.sessions.log_out import LOGOUT
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.policies import POLICIES

HOME, OFFICE = "192.0.2.7", "198.51.100.7"


@pytest.fixture
def unlimited(service: Service) -> Iterator[Service]:
    settings = msgspec.structs.replace(service.settings, limits=LimitSettings(enabled=False))
    with open_service(settings, store=service.store) as unlimited:
        yield unlimited


def test_disabled_limits_neither_count_nor_report(unlimited: Service, juliet: UUID) -> None:
    for _ in range(100):
        with pytest.raises(WrongCredentials) as refusal:
            unlimited.bus.handle(LogIn(user_name="juliet", password="wrong"))
        assert refusal.value.limit_status is None
    assert unlimited.bus.handle(AcquirePermit(policy=REGISTER, client_address=HOME)) is None


def test_requests_of_one_address_are_limited_by_their_policy(service: Service, clock: AdjustableClock) -> None:
    request = AcquirePermit(policy=REGISTER, client_address=HOME)
    capacity = REGISTER.limit.burst.capacity
    left = [service.bus.handle(request).remaining for _ in range(capacity)]
    assert left == list(reversed(range(capacity)))
    with pytest.raises(TooManyAttempts):
        service.bus.handle(request)
    assert service.bus.handle(replace(request, client_address=OFFICE))
    assert service.bus.handle(replace(request, policy=LOGOUT))
    clock.advance(seconds=2)
    assert service.bus.handle(request)


def test_requests_of_one_account_are_limited_apart_from_those_of_its_address(service: Service, juliet: UUID) -> None:
    request = AcquirePermit(policy=REGISTER, client_address=HOME, user_id=juliet)
    left = [service.bus.handle(request).remaining for _ in range(REGISTER.limit.burst.capacity)]
    assert left[-1] == 0
    with pytest.raises(TooManyAttempts):
        service.bus.handle(replace(request, client_address=OFFICE))
    assert service.bus.handle(replace(request, user_id=None))


def test_local_policies_are_counted_in_the_process_and_others_in_the_store(service: Service) -> None:
    local, shared = service.container.local_rate_limits(), service.store.rate_limits
    for policy in POLICIES.values():
        before = len(local), len(shared)
        service.bus.handle(AcquirePermit(policy=policy, client_address=HOME))
        grown = len(local) - before[0], len(shared) - before[1]
        assert grown == ((1, 0) if policy.local else (0, 1))
