from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.views import ProfileView
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.kernel.errors import InvalidInput
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.people import register


class InterruptedClock(AdjustableClock):
    """A clock that runs functions when a handler reads it, before it returns the time."""

    def __init__(self) -> None:
        super().__init__()
        self.interruptions: list[Callable[[], object]] = []

    def now(self) -> datetime:
        while self.interruptions:
            self.interruptions.pop()()
        return super().now()


def types_of(service: Service, user_id: UUID) -> list[str]:
    with service.store.unit_of_work() as uow:
        return [entry.type.split(".")[2] for entry in uow.journal.of("profile", user_id)]


def test_a_user_without_a_profile_has_an_empty_view(service: Service, juliet: UUID) -> None:
    assert service.bus.handle(GetProfile(user_id=juliet)) == ProfileView()


def test_an_update_returns_the_whole_profile(service: Service, juliet: UUID, clock: AdjustableClock) -> None:
    service.bus.handle(UpdateProfile.of_text(juliet, {"bio": "Actor", "phone": "112"}))
    clock.advance(minutes=1)
    answer = service.bus.handle(UpdateProfile.of_text(juliet, {"phone": None, "address": " Verona "}))
    assert answer == ProfileView(bio="Actor", phone=None, address="Verona", updated_at=clock.now(), version=3)
    assert service.bus.handle(GetProfile(user_id=juliet)) == answer


def test_an_update_before_the_registration_event_creates_the_profile_and_the_event_keeps_it(
    service: Service, juliet: UUID, clock: AdjustableClock
) -> None:
    service.bus.handle(UpdateProfile.of_text(juliet, {"bio": "Actor"}))
    service.deliver_all()
    assert service.bus.handle(GetProfile(user_id=juliet)).bio == "Actor"
    assert types_of(service, juliet) == ["created", "updated"]
    clock.advance(hours=1)
    assert [relay.run_once() for relay in service.relays] == [0]


def test_an_update_that_changes_nothing_records_no_event(service: Service, juliet: UUID) -> None:
    for _ in range(2):
        service.bus.handle(UpdateProfile.of_text(juliet, {"bio": "Actor", "phone": ""}))
    assert types_of(service, juliet) == ["created", "updated"]


def test_all_invalid_fields_are_reported_together() -> None:
    with pytest.raises(InvalidInput) as refusal:
        UpdateProfile.of_text(uuid4(), {"bio": "x" * 1001, "phone": "none", "address": "\0"})
    assert refusal.value.errors.keys() == {"bio", "phone", "address"}


def test_a_concurrent_update_is_repeated_on_the_new_version() -> None:
    clock = InterruptedClock()
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=4)), clock=clock) as service:
        user_id = register(service.bus)
        service.bus.handle(UpdateProfile.of_text(user_id, {"address": "Verona"}))
        clock.interruptions.append(lambda: service.bus.handle(UpdateProfile.of_text(user_id, {"phone": "112"})))
        answer = service.bus.handle(UpdateProfile.of_text(user_id, {"bio": "Actor"}))
    assert (answer.bio, answer.phone, answer.address) == ("Actor", "112", "Verona")
