"""Erasing an account: what is left of it, what others notice, and what a restored backup brings back."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.get_profile import GetProfile
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import PROFILES, Profiles
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.user import UserErased, UserRegistered
from hexaccount.accounts.users import USERS, Users
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.erasure.erase_user import EraseUser
from hexaccount.erasure.list_erasures import ListErasures
from hexaccount.erasure.repeat_erasures import RepeatErasures, repeat_listed_erasures
from hexaccount.events.list_events import ListEvents
from hexaccount.events.replay import Replay
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.events.subscribers import HandlingSubscriber, PublishingSubscriber
from hexaccount.kernel.capability import EventHandler
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.personal_data.account_key import ACCOUNT_KEYS
from hexaccount.personal_data.erasures import Erasure
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.sessions import Sessions
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryPublisher
from tests.people import log_in, register
from tests.signing_key import SIGNING_KEY


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def service(clock: AdjustableClock, publisher: MemoryPublisher) -> Iterator[Service]:
    settings = Settings(store="memory://", password=PasswordSettings(cost=4), jwt=JwtSettings(key=SIGNING_KEY))
    with open_service(settings, clock=clock, publishers=[PublishingSubscriber("memory://out", publisher)]) as service:
        service.subscribe()
        yield service


def person(service: Service, name: str = "juliet") -> UUID:
    user_id = register(service.bus, name)
    log_in(service.bus, name, client_address="192.0.2.77", user_agent="A device")
    service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": f"I am {name}"}))
    service.deliver_all()
    return user_id


def test_an_erased_account_is_gone_and_cannot_log_in(service: Service) -> None:
    juliet = person(service)
    access = log_in(service.bus).token
    service.bus.handle(EraseUser(user_id=juliet))

    with pytest.raises(UserNotFound):
        service.bus.handle(GetUser(reference="juliet"))
    with pytest.raises(WrongCredentials):
        log_in(service.bus)
    with pytest.raises(NotAuthenticated):
        service.bus.handle(Authenticate(token=access))


def test_its_records_name_nobody(service: Service) -> None:
    juliet = person(service)
    service.bus.handle(EraseUser(user_id=juliet))

    with service.store.unit_of_work() as uow:
        assert [uow.records(kind).get(juliet) for kind in (USERS, PROFILES, ACCOUNT_KEYS)] == [None] * 3
        sessions = Sessions(uow).of(juliet)
    assert [(session.client_address, session.user_agent) for session in sessions] == [("", "")]


def test_its_history_says_what_happened_and_not_to_whom(service: Service, publisher: MemoryPublisher) -> None:
    juliet = person(service)
    service.bus.handle(EraseUser(user_id=juliet))
    service.deliver_all()

    events = service.bus.handle(ListEvents(user_id=juliet, limit=100)).events

    assert "juliet" not in str(events)
    assert events[0].type == UserRegistered.type
    assert events[-1].type == publisher.published[-1].type == UserErased.type
    assert publisher.published[-1].data == {"user_id": str(juliet)}


def test_name_and_address_are_free_for_another_account(service: Service) -> None:
    first = person(service)
    service.bus.handle(EraseUser(user_id=first))

    second = person(service)

    assert second != first
    assert service.bus.handle(GetUser(reference="juliet")).id == second
    assert service.bus.handle(ListEvents(user_id=second)).events[0].data["user_name"] == "juliet"


def test_others_are_untouched(service: Service) -> None:
    romeo, juliet = person(service, "romeo"), person(service)
    before = service.bus.handle(ListEvents(user_id=romeo, limit=100))
    service.bus.handle(EraseUser(user_id=juliet))

    assert service.bus.handle(ListEvents(user_id=romeo, limit=100)) == before
    assert service.bus.handle(GetProfile(user_id=romeo)).bio == "I am romeo"
    assert log_in(service.bus, "romeo").token


def test_a_replay_brings_nothing_back(service: Service, publisher: MemoryPublisher) -> None:
    juliet = person(service)
    service.bus.handle(EraseUser(user_id=juliet))
    service.deliver_all()
    before = len(publisher.published)

    for target in ("profiles", "memory://out"):
        service.bus.handle(ReplayEvents(replay=Replay(target=target)))
    service.deliver_all()

    again = publisher.published[before:]
    assert len(again) == 5
    assert "juliet" not in str(again)
    with service.store.unit_of_work() as uow:
        assert Profiles(uow).find(juliet) is None


def test_a_handler_that_would_record_something_personal_of_an_erased_account_does_nothing(service: Service) -> None:
    greeting = HandlingSubscriber(
        EventHandler(
            name="greeting",
            event=UserRegistered,
            handle=lambda event, uow: Profiles(uow).add(greeted(event)),
        ),
        service.store.unit_of_work,
    )
    settings = service.settings
    with open_service(settings, store=service.store, subscribers=[greeting]) as greeting_service:
        greeting_service.subscribe()
        erased, other = register(service.bus), register(service.bus, "romeo")
        service.bus.handle(EraseUser(user_id=erased))
        greeting_service.deliver_all()

        assert greeting_service.store.outbox.backlog("greeting", limit=9).pending == 0
        assert greeting_service.store.dead_letters.page(limit=9, after=None) == []
    with service.store.unit_of_work() as uow:
        assert Profiles(uow).find(erased) is None
        assert (found := Profiles(uow).find(other)) is not None
    assert found.bio == "Welcome"


def greeted(event: UserRegistered) -> Profile:
    profile = Profile.create(event.user_id, event.at)
    profile.update({"bio": "Welcome"}, event.at)
    return profile


def test_erasing_is_repeatable_and_listed_once(service: Service, clock: AdjustableClock) -> None:
    juliet, at = person(service), clock.now()
    service.bus.handle(EraseUser(user_id=juliet))
    clock.advance(seconds=60)
    service.bus.handle(EraseUser(user_id=juliet))

    (erasure,) = service.bus.handle(ListErasures())
    assert (erasure.account_id, erasure.erased_at) == (juliet, at)
    history = service.bus.handle(ListEvents(user_id=juliet, limit=100)).events
    assert [entry.type for entry in history].count(UserErased.type) == 1


def test_an_erasure_that_was_interrupted_is_completed_by_the_list(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    juliet = person(service)
    with monkeypatch.context() as patch:
        patch.setattr(Users, "remove", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            service.bus.handle(EraseUser(user_id=juliet))

    assert "juliet" not in str(service.bus.handle(ListEvents(user_id=juliet, limit=100)).events)
    assert repeat_listed_erasures(service.bus) == 1
    assert repeat_listed_erasures(service.bus) == 0
    with pytest.raises(UserNotFound):
        service.bus.handle(GetUser(reference="juliet"))


def test_accounts_that_a_backup_brings_back_are_erased_again(service: Service) -> None:
    """The exported list of one database is repeated on another, which has the accounts still."""
    juliet, romeo = person(service), person(service, "romeo")

    at = datetime(2025, 12, 24, tzinfo=UTC)
    listed = [Erasure(account_id=account_id, erased_at=at) for account_id in (juliet, uuid4())]

    assert service.bus.handle(RepeatErasures(erasures=listed)) == 1

    assert service.bus.handle(ListErasures()) == listed[:1]
    with pytest.raises(UserNotFound):
        service.bus.handle(GetUser(reference="juliet"))
    assert service.bus.handle(GetUser(reference="romeo")).id == romeo


def test_the_list_is_read_page_by_page(service: Service) -> None:
    erased = [person(service, f"user-{number}") for number in range(3)]
    for user_id in erased:
        service.bus.handle(EraseUser(user_id=user_id))

    first = service.bus.handle(ListErasures(limit=2))
    rest = service.bus.handle(ListErasures(limit=2, after=first[-1].account_id))

    assert [each.account_id for each in (*first, *rest)] == sorted(erased)


def test_ended_sessions_of_an_erased_account_are_removed_in_time(service: Service, clock: AdjustableClock) -> None:
    juliet = person(service)
    service.bus.handle(EraseUser(user_id=juliet))
    clock.advance(days=200)
    service.retention_worker.run_once()

    with service.store.unit_of_work() as uow:
        assert not Sessions(uow).of(juliet)
