from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.views import ProfileView
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.kernel.errors import InvalidInput
from tests.application.people import registration


class RushedClock(AdjustableClock):
    """A clock that lets somebody be faster while a handler looks at it."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def now(self) -> datetime:
        while self.meanwhile:
            self.meanwhile.pop()()
        return super().now()


@pytest.fixture
def juliet(service: Service) -> UUID:
    return service.bus.handle(registration())


def types_of(service: Service, user_id: UUID) -> list[str]:
    with service.store.unit_of_work() as uow:
        return [entry.type.split(".")[2] for entry in uow.journal.of("profile", user_id)]


def test_a_profile_reads_as_empty_before_there_is_one(service: Service, juliet: UUID) -> None:
    assert service.bus.handle(GetProfile(user_id=juliet)) == ProfileView()


def test_an_update_answers_with_the_whole_profile(service: Service, juliet: UUID, clock: AdjustableClock) -> None:
    service.bus.handle(UpdateProfile.of_text(juliet, {"bio": "Actor", "phone": "112"}))
    clock.advance(minutes=1)
    answer = service.bus.handle(UpdateProfile.of_text(juliet, {"phone": None, "address": " Verona "}))
    assert answer == ProfileView(bio="Actor", phone=None, address="Verona", updated_at=clock.now(), version=3)
    assert service.bus.handle(GetProfile(user_id=juliet)) == answer


def test_an_update_before_the_event_is_handled_begins_the_profile_and_the_event_leaves_it(
    service: Service, juliet: UUID, clock: AdjustableClock
) -> None:
    service.bus.handle(UpdateProfile.of_text(juliet, {"bio": "Actor"}))
    service.deliver_all()
    assert service.bus.handle(GetProfile(user_id=juliet)).bio == "Actor"
    assert types_of(service, juliet) == ["created", "updated"]
    clock.advance(hours=1)
    assert [relay.run_once() for relay in service.relays] == [0]


def test_an_update_that_changes_nothing_is_no_event(service: Service, juliet: UUID) -> None:
    for _ in range(2):
        service.bus.handle(UpdateProfile.of_text(juliet, {"bio": "Actor", "phone": ""}))
    assert types_of(service, juliet) == ["created", "updated"]


def test_every_invalid_field_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refusal:
        UpdateProfile.of_text(uuid4(), {"bio": "x" * 1001, "phone": "none", "address": "\0"})
    assert refusal.value.errors.keys() == {"bio", "phone", "address"}


def test_an_update_that_lost_a_race_is_applied_to_what_the_winner_left() -> None:
    clock = RushedClock()
    with open_service(Settings(store="memory://"), clock=clock) as service:
        user_id = uuid4()
        service.bus.handle(UpdateProfile.of_text(user_id, {"address": "Verona"}))
        clock.meanwhile.append(lambda: service.bus.handle(UpdateProfile.of_text(user_id, {"phone": "112"})))
        answer = service.bus.handle(UpdateProfile.of_text(user_id, {"bio": "Actor"}))
    assert (answer.bio, answer.phone, answer.address) == ("Actor", "112", "Verona")
