from collections.abc import Callable
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.profile import Profile, ProfileCreated
from hexaccount.accounts.user import UserRegistered
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled
from hexaccount.events.subscribers import HandlingSubscriber, PublishingSubscriber
from hexaccount.sessions.session import SessionOpened
from hexaccount.store_kit.unit_of_work import UnitOfWork
from hexaccount_memory import MemoryPublisher, MemoryStore
from tests.application.listeners import Listener, event_of, register, relay_of


@pytest.fixture
def welcoming(store: MemoryStore, clock: AdjustableClock) -> HandlingSubscriber:
    def welcome(event: UserRegistered, uow: UnitOfWork) -> None:
        profile = uow.profiles.find(event.user_id)
        if profile is None:
            profile = Profile.create(event.user_id, clock.now())
            uow.profiles.add(profile)
        profile.update({"bio": (profile.bio or "") + "welcome "}, clock.now())

    return HandlingSubscriber("welcome", UserRegistered, welcome, store.unit_of_work)


def journal_of(store: MemoryStore, kind: str, aggregate_id: UUID) -> list[JournalEntry]:
    with store.unit_of_work() as uow:
        return list(uow.journal.of(kind, aggregate_id))


def bio_of(store: MemoryStore, user_id: UUID) -> str | None:
    with store.unit_of_work() as uow:
        profile = uow.profiles.find(user_id)
    return profile.bio if profile else None


def handler_raising(error: Exception) -> Callable[[UserRegistered, UnitOfWork], None]:
    def fail(event: UserRegistered, uow: UnitOfWork) -> None:
        uow.profiles.add(Profile.create(event.user_id, event.at))
        raise error

    return fail


def test_a_handler_is_owed_its_own_type_and_a_publisher_all(welcoming: HandlingSubscriber) -> None:
    assert welcoming.event_types == ("hexaccount.user.registered.v1",)
    assert PublishingSubscriber("everything", MemoryPublisher()).event_types == ("*",)


def test_an_event_that_is_delivered_twice_has_its_effect_once(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    juliet = register(store, clock, "juliet")
    entries = journal_of(store, "user", juliet)
    welcoming.deliver(entries)
    welcoming.deliver(entries)
    assert bio_of(store, juliet) == "welcome "


def test_a_batch_with_an_event_that_was_handled_before_changes_nothing_and_says_so(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    juliet, romeo = register(store, clock, "juliet"), register(store, clock, "romeo")
    welcoming.deliver(journal_of(store, "user", juliet))
    with pytest.raises(AlreadyHandled):
        welcoming.deliver(journal_of(store, "user", juliet) + journal_of(store, "user", romeo))
    assert bio_of(store, romeo) is None


def test_the_relay_takes_an_event_that_was_handled_before_for_delivered(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    relay = relay_of(welcoming, store, clock, attempts=1)
    juliet, romeo = register(store, clock, "juliet"), register(store, clock, "romeo")
    welcoming.deliver(journal_of(store, "user", juliet))
    assert relay.run_once() == 2
    assert relay.run_once() == 0
    assert store.dead_letters.page(limit=10, after=None) == []
    assert (bio_of(store, juliet), bio_of(store, romeo)) == ("welcome ", "welcome ")


def test_two_subscribers_handle_the_same_event_each_once(store: MemoryStore, clock: AdjustableClock) -> None:
    handled: list[str] = []
    subscribers = [
        HandlingSubscriber(name, UserRegistered, lambda event, uow: handled.append(event.user_name), store.unit_of_work)
        for name in ("one", "other")
    ]
    juliet = register(store, clock, "juliet")
    for subscriber in subscribers:
        subscriber.deliver(journal_of(store, "user", juliet))
    assert handled == ["juliet", "juliet"]


def test_the_events_that_a_handler_records_are_delivered_too(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    chain: list[UUID] = []
    nested = HandlingSubscriber(
        "nested", ProfileCreated, lambda event, uow: chain.append(event.user_id), store.unit_of_work
    )
    relays = [relay_of(subscriber, store, clock) for subscriber in (nested, welcoming)]
    juliet = register(store, clock, "juliet")
    while sum(relay.run_once() for relay in relays):
        pass
    assert chain == [juliet]


def test_an_event_that_a_handler_records_names_the_event_that_caused_it(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    relay = relay_of(welcoming, store, clock)
    users = [register(store, clock, name) for name in ("juliet", "romeo")]
    assert relay.run_once() == 2
    for user_id in users:
        (registered,) = journal_of(store, "user", user_id)
        created, updated = journal_of(store, "profile", user_id)
        assert created.causation_id == updated.causation_id == str(registered.id)


def test_a_handler_that_fails_leaves_neither_its_changes_nor_its_inbox_row(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    failing = HandlingSubscriber("welcome", UserRegistered, handler_raising(UserNotFound()), store.unit_of_work)
    juliet = register(store, clock, "juliet")
    with pytest.raises(UserNotFound):
        failing.deliver(journal_of(store, "user", juliet))
    assert journal_of(store, "profile", juliet) == []
    welcoming.deliver(journal_of(store, "user", juliet))
    assert bio_of(store, juliet) == "welcome "


def test_a_handler_that_loses_a_race_begins_anew(store: MemoryStore, clock: AdjustableClock) -> None:
    juliet = register(store, clock, "juliet")
    looks: list[bool] = []

    def slow(event: UserRegistered, uow: UnitOfWork) -> None:
        looks.append(uow.profiles.find(event.user_id) is None)
        if looks == [True]:
            with store.unit_of_work() as faster:
                faster.profiles.add(Profile.create(juliet, clock.now()))
                faster.commit()
            uow.profiles.add(Profile.create(juliet, clock.now()))

    HandlingSubscriber("slow", UserRegistered, slow, store.unit_of_work).deliver(journal_of(store, "user", juliet))
    assert looks == [True, False]


def test_an_event_that_the_handler_cannot_read_is_set_aside(store: MemoryStore, clock: AdjustableClock) -> None:
    surprised = HandlingSubscriber(
        "surprised", SessionOpened, handler_raising(TypeError("no session")), store.unit_of_work
    )
    relay = relay_of(surprised, store, clock, attempts=1)
    store.outbox.subscribe("surprised", ["*"])
    register(store, clock, "juliet")
    relay.run_once()
    (given_up,) = store.dead_letters.page(limit=10, after=None)
    assert given_up.error == "TypeError: no session"


def test_a_publisher_gets_every_event_of_every_account_in_order(store: MemoryStore, clock: AdjustableClock) -> None:
    publisher = MemoryPublisher()
    relay = relay_of(PublishingSubscriber("everything", publisher), store, clock)
    for name in ("juliet", "romeo"):
        register(store, clock, name, disabled=True)
    relay.run_once()
    assert [event_of(entry) for entry in publisher.published] == ["juliet 1", "juliet 2", "romeo 1", "romeo 2"]


def test_a_listener_that_is_enrolled_twice_is_owed_once(store: MemoryStore, clock: AdjustableClock) -> None:
    listener = Listener()
    relays = [relay_of(listener, store, clock) for _ in range(2)]
    register(store, clock, "juliet")
    assert sum(relay.run_once() for relay in relays) == 1
