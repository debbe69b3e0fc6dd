from collections.abc import Callable
from uuid import UUID

import pytest

from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.profile import Profile, ProfileCreated
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import UserRegistered
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import AlreadyHandled, EventsUnitOfWork
from hexaccount.events.subscribers import HandlingSubscriber, PublishingSubscriber, SideEffectSubscriber
from hexaccount.kernel.capability import EventHandler, SideEffect
from hexaccount.kernel.causation import current_cause
from hexaccount.sessions.session import SessionOpened
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryPublisher, MemoryStore
from tests.hexagon.events.recording_subscriber import RecordingSubscriber, event_of, register, relay_of


@pytest.fixture
def welcoming(store: MemoryStore, clock: AdjustableClock) -> HandlingSubscriber:
    def welcome(event: UserRegistered, uow: EventsUnitOfWork) -> None:
        profile = Profiles(uow).find(event.user_id)
        if profile is None:
            profile = Profile.create(event.user_id, clock.now())
            Profiles(uow).add(profile)
        profile.update({"bio": (profile.bio or "") + "welcome "}, clock.now())

    return HandlingSubscriber(EventHandler(name="welcome", event=UserRegistered, handle=welcome), store.unit_of_work)


def journal_of(store: MemoryStore, kind: str, aggregate_id: UUID) -> list[JournalEntry]:
    with store.unit_of_work() as uow:
        return list(uow.journal.of(kind, aggregate_id))


def bio_of(store: MemoryStore, user_id: UUID) -> str | None:
    with store.unit_of_work() as uow:
        profile = Profiles(uow).find(user_id)
    return profile.bio if profile else None


def handler_raising(error: Exception) -> Callable[[UserRegistered, EventsUnitOfWork], None]:
    def fail(event: UserRegistered, uow: EventsUnitOfWork) -> None:
        Profiles(uow).add(Profile.create(event.user_id, event.at))
        raise error

    return fail


def test_a_handler_subscribes_to_its_event_type_and_a_publisher_to_all(welcoming: HandlingSubscriber) -> None:
    assert welcoming.event_types == ("hexaccount.user.registered.v1",)
    assert PublishingSubscriber("everything", MemoryPublisher()).event_types == ("*",)


def test_an_event_delivered_twice_takes_effect_once(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    juliet = register(store, clock, "juliet")
    entries = journal_of(store, "user", juliet)
    welcoming.deliver(entries)
    welcoming.deliver(entries)
    assert bio_of(store, juliet) == "welcome "


def test_a_batch_with_a_handled_event_changes_nothing_and_raises(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    juliet, romeo = register(store, clock, "juliet"), register(store, clock, "romeo")
    welcoming.deliver(journal_of(store, "user", juliet))
    with pytest.raises(AlreadyHandled):
        welcoming.deliver(journal_of(store, "user", juliet) + journal_of(store, "user", romeo))
    assert bio_of(store, romeo) is None


def test_the_relay_acknowledges_an_event_that_was_handled_before(
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
        HandlingSubscriber(
            EventHandler(name=name, event=UserRegistered, handle=lambda event, uow: handled.append(event.user_name)),
            store.unit_of_work,
        )
        for name in ("one", "other")
    ]
    juliet = register(store, clock, "juliet")
    for subscriber in subscribers:
        subscriber.deliver(journal_of(store, "user", juliet))
    assert handled == ["juliet", "juliet"]


def test_events_recorded_by_a_handler_are_delivered_too(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    chain: list[UUID] = []
    nested = HandlingSubscriber(
        EventHandler(name="nested", event=ProfileCreated, handle=lambda event, uow: chain.append(event.user_id)),
        store.unit_of_work,
    )
    relays = [relay_of(subscriber, store, clock) for subscriber in (nested, welcoming)]
    juliet = register(store, clock, "juliet")
    while sum(relay.run_once() for relay in relays):
        pass
    assert chain == [juliet]


def test_an_event_recorded_by_a_handler_has_the_handled_event_as_its_cause(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    relay = relay_of(welcoming, store, clock)
    users = [register(store, clock, name) for name in ("juliet", "romeo")]
    assert relay.run_once() == 2
    for user_id in users:
        (registered,) = journal_of(store, "user", user_id)
        created, updated = journal_of(store, "profile", user_id)
        assert created.causation_id == updated.causation_id == str(registered.id)


def test_a_failing_handler_rolls_back_its_changes_and_its_inbox_row(
    store: MemoryStore, clock: AdjustableClock, welcoming: HandlingSubscriber
) -> None:
    failing = HandlingSubscriber(
        EventHandler(name="welcome", event=UserRegistered, handle=handler_raising(UserNotFound())), store.unit_of_work
    )
    juliet = register(store, clock, "juliet")
    with pytest.raises(UserNotFound):
        failing.deliver(journal_of(store, "user", juliet))
    assert journal_of(store, "profile", juliet) == []
    welcoming.deliver(journal_of(store, "user", juliet))
    assert bio_of(store, juliet) == "welcome "


def test_a_handler_with_a_stale_version_is_repeated(store: MemoryStore, clock: AdjustableClock) -> None:
    juliet = register(store, clock, "juliet")
    absent: list[bool] = []

    def slow(event: UserRegistered, uow: EventsUnitOfWork) -> None:
        absent.append(Profiles(uow).find(event.user_id) is None)
        if absent == [True]:
            with store.unit_of_work() as faster:
                Profiles(faster).add(Profile.create(juliet, clock.now()))
                faster.commit()
            Profiles(uow).add(Profile.create(juliet, clock.now()))

    HandlingSubscriber(EventHandler(name="slow", event=UserRegistered, handle=slow), store.unit_of_work).deliver(
        journal_of(store, "user", juliet)
    )
    assert absent == [True, False]


def test_an_event_that_the_handler_cannot_process_becomes_a_dead_letter(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    mismatched = HandlingSubscriber(
        EventHandler(name="mismatched", event=SessionOpened, handle=handler_raising(TypeError("no session"))),
        store.unit_of_work,
    )
    relay = relay_of(mismatched, store, clock, attempts=1)
    store.outbox.subscribe("mismatched", ["*"])
    register(store, clock, "juliet")
    relay.run_once()
    (dead_letter,) = store.dead_letters.page(limit=10, after=None)
    assert dead_letter.error == "TypeError: no session"


def test_a_publisher_receives_every_event_of_every_account_in_order(store: MemoryStore, clock: AdjustableClock) -> None:
    publisher = MemoryPublisher()
    relay = relay_of(PublishingSubscriber("everything", publisher), store, clock)
    for name in ("juliet", "romeo"):
        register(store, clock, name, disabled=True)
    relay.run_once()
    assert [event_of(entry) for entry in publisher.published] == ["juliet 1", "juliet 2", "romeo 1", "romeo 2"]


def test_subscribing_twice_delivers_an_event_once(store: MemoryStore, clock: AdjustableClock) -> None:
    subscriber = RecordingSubscriber()
    relays = [relay_of(subscriber, store, clock) for _ in range(2)]
    register(store, clock, "juliet")
    assert sum(relay.run_once() for relay in relays) == 1


def test_a_side_effect_is_performed_for_each_event_which_is_its_cause(
    store: MemoryStore, clock: AdjustableClock
) -> None:
    performed: list[tuple[UUID, str, str | None]] = []

    def perform(event: UserRegistered, entry: JournalEntry) -> None:
        performed.append((event.user_id, event.user_name, current_cause().causation_id))

    subscriber = SideEffectSubscriber(SideEffect(name="greeting", events=(UserRegistered,), perform=perform))
    relay = relay_of(subscriber, store, clock)
    juliet = register(store, clock, "juliet", disabled=True)
    relay.run_once()

    (registered, _) = journal_of(store, "user", juliet)
    assert performed == [(juliet, "juliet", str(registered.id))]
