"""What is personal in events: encrypted in the journal, and as it was recorded for everybody who reads it."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.profile import ProfileUpdated
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.user import User, UserRegistered
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, PersonalDataSettings, Settings
from hexaccount.events.event_codec import from_entry
from hexaccount.events.get_event import GetEvent
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.list_events import ListEvents
from hexaccount.events.ports import EventFilter
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.kernel.event import EVENT_TYPES
from hexaccount.kernel.unit_of_work import AccountErased
from hexaccount.personal_data import encryption
from hexaccount.personal_data.account_key import ACCOUNT_KEYS
from hexaccount.personal_data.encryption import ENCRYPTED, CipherCache
from hexaccount.personal_data.erasures import ERASURES, Erasure
from hexaccount.personal_data.ports import LostRootKey
from hexaccount.personal_data.rewrap_account_keys import RewrapAccountKeys
from hexaccount.sessions.session import SessionOpened
from hexaccount_memory import MemoryPublisher, MemoryStore
from tests.people import log_in, register
from tests.signing_key import OTHER_SIGNING_KEY as FORMER_KEY
from tests.signing_key import SIGNING_KEY as KEY


def settings(key: str = KEY, previous: str | None = None) -> Settings:
    return Settings(
        store="memory://",
        password=PasswordSettings(cost=4),
        jwt=JwtSettings(key=key),
        personal_data=PersonalDataSettings(previous_key=previous),
    )


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def service(publisher: MemoryPublisher) -> Iterator[Service]:
    with open_service(settings(), publishers=[PublishingSubscriber("memory://outside", publisher)]) as service:
        service.subscribe()
        yield service


def stored(service: Service) -> list[JournalEntry]:
    return list(service.store.history.page(EventFilter(), limit=100, after=None))


def act(service: Service) -> UUID:
    """Record an event of each type that has personal fields."""
    juliet = register(service.bus)
    log_in(service.bus, client_address="192.0.2.77", user_agent="A device")
    service.bus.handle(UpdateProfile(user_id=juliet, changes={"bio": "A Capulet"}))
    return juliet


SECRETS = ("juliet", "Juliet", "Capulet", "example.org", "192.0.2.77", "A device")


def test_the_journal_has_no_personal_data_that_can_be_read(service: Service) -> None:
    act(service)

    data = {entry.type: entry.data for entry in stored(service)}

    assert [text for text in SECRETS if text in json.dumps(list(data.values()))] == []
    personal = {UserRegistered.type, SessionOpened.type, ProfileUpdated.type}
    assert {event_type for event_type, values in data.items() if ENCRYPTED in values} == personal
    assert data[UserRegistered.type].keys() == {"user_id", "role", ENCRYPTED}


def test_readers_and_receivers_get_what_was_recorded(service: Service, publisher: MemoryPublisher) -> None:
    juliet = act(service)
    service.deliver_all()

    listed = service.bus.handle(ListEvents(user_id=juliet, limit=100)).events
    registered, *_ = listed

    assert registered.data["email"] == "juliet@example.org"
    assert service.bus.handle(GetEvent(event_id=registered.id)) == registered
    by_id = sorted(publisher.published, key=lambda entry: entry.id)
    assert by_id == list(listed)
    with service.store.unit_of_work() as uow:
        assert uow.journal.of(User.kind, juliet) == [registered]
    assert all(from_entry(entry) for entry in listed)


def test_the_same_data_of_two_events_is_encrypted_differently(service: Service) -> None:
    register(service.bus)
    for _ in range(2):
        log_in(service.bus, client_address="192.0.2.77")

    first, second = (entry.data[ENCRYPTED] for entry in stored(service) if entry.type == SessionOpened.type)

    assert first != second


def test_data_that_was_moved_to_another_event_is_not_read(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    register(service.bus)
    log_in(service.bus)
    log_in(service.bus)
    first, second = (entry for entry in stored(service) if entry.type == SessionOpened.type)
    forged = first._replace(data=second.data)

    (read,) = service.container.personal_data().decrypted([forged], service.store.unit_of_work)

    assert not {"user_agent", "client_address"} & read.data.keys()
    assert f"the event {first.id} cannot be read" in caplog.text


def test_an_account_that_is_being_erased_records_nothing_personal(service: Service) -> None:
    juliet = register(service.bus)
    remove_key(service, juliet)
    with service.store.unit_of_work() as uow:
        uow.records(ERASURES).add(Erasure(account_id=juliet, erased_at=datetime(2026, 1, 1, tzinfo=UTC)))
        uow.commit()

    with pytest.raises(AccountErased):
        service.bus.handle(UpdateProfile(user_id=juliet, changes={"bio": "A Capulet"}))
    assert [entry.type for entry in stored(service)] == [UserRegistered.type]


def test_an_account_whose_key_was_lost_gets_a_new_one(service: Service) -> None:
    juliet = register(service.bus)
    remove_key(service, juliet)

    log_in(service.bus, user_agent="A device")

    registered, opened = service.bus.handle(ListEvents(user_id=juliet)).events
    assert "user_name" not in registered.data
    assert opened.data["user_agent"] == "A device"


def remove_key(service: Service, user_id: UUID) -> None:
    with service.store.unit_of_work() as uow:
        keys = uow.records(ACCOUNT_KEYS)
        keys.remove(keys.get(user_id))
        uow.commit()
    service.container.personal_data().cache.remove(user_id)


def test_a_new_key_whose_commit_fails_is_not_used_again(service: Service) -> None:
    juliet = register(service.bus)
    remove_key(service, juliet)
    entry = stored(service)[0]
    opened = entry._replace(type=SessionOpened.type, data={"client_address": "a", "user_agent": "b"})
    with service.store.unit_of_work() as uow:
        service.container.personal_data().encrypted([opened, opened], uow)  # and no commit

    log_in(service.bus, user_agent="A device")
    service.container.personal_data().cache.remove(juliet)

    assert service.bus.handle(ListEvents(user_id=juliet)).events[-1].data["user_agent"] == "A device"


def test_without_its_key_an_event_has_empty_personal_fields(service: Service) -> None:
    juliet = act(service)
    remove_key(service, juliet)

    registered, *_ = service.bus.handle(ListEvents(user_id=juliet, limit=100)).events

    assert registered.data == {"user_id": str(juliet), "role": "user"}
    event = from_entry(registered)
    assert isinstance(event, UserRegistered)
    assert (event.user_name, event.email, event.first_name, event.role) == ("", "", "", "user")


def test_every_personal_field_is_a_field_of_its_event() -> None:
    for event in EVENT_TYPES.values():
        assert event.personal <= set(event.__dataclass_fields__), event


def test_a_key_is_forgotten_after_a_minute_and_the_oldest_before(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(encryption, "monotonic", lambda: now[0])
    with open_service(settings()) as service:
        cipher = service.container.account_cipher()
    ciphers = {account_id: cipher.make_key(account_id)[1] for account_id in (uuid4(), uuid4(), uuid4())}
    cache = CipherCache(size=2)
    cache.put(ciphers)

    first, *_ = ciphers
    assert cache.get(ciphers) == {account_id: made for account_id, made in ciphers.items() if account_id != first}
    now[0] = 60.0
    assert cache.get(ciphers) == {}


def moved_to(store: MemoryStore, key: str, previous: str | None = None) -> Service:
    """Return a service with other keys on the same store."""
    return open_service(settings(key, previous), store=store)


def test_the_root_key_is_changed_and_account_keys_are_encrypted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hexaccount.personal_data.rewrap_account_keys._BATCH", 2)
    with open_service(settings(FORMER_KEY)) as before:
        people = [register(before.bus, f"user-{number}") for number in range(5)]
        with moved_to(before.store, KEY) as without_the_former, pytest.raises(LostRootKey, match="previous_key"):
            without_the_former.bus.handle(ListEvents(user_id=people[0]))
        rewrapped, after = [], None
        with moved_to(before.store, KEY, FORMER_KEY) as changing:
            assert names(changing, people) == [f"user-{number}" for number in range(5)]
            while True:
                step = changing.bus.handle(RewrapAccountKeys(after=after))
                rewrapped.append(step.keys)
                after = step.next
                if after is None:
                    break
            assert changing.bus.handle(RewrapAccountKeys()).keys == 0
        with moved_to(before.store, KEY) as after_it:
            assert names(after_it, people) == [f"user-{number}" for number in range(5)]

    assert rewrapped == [2, 2, 1]


def names(service: Service, people: list[UUID]) -> list[str]:
    return [service.bus.handle(ListEvents(user_id=user_id)).events[0].data["user_name"] for user_id in people]
