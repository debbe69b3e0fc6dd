"""Replays on the memory store: targets, order, effects and interruptions."""

from uuid import uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.profile import ProfileCreated, ProfileUpdated
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.user import UserDisabled, UserRegistered
from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.events import replay_events
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.events.preview_replay import PreviewReplay, ReplayPreview
from hexaccount.events.replay import Replay, TypeNotTaken, UnknownTarget
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.events.subscribers import HandlingSubscriber, PublishingSubscriber
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.capability import EventHandler
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_memory import MemoryPublisher
from tests.hexagon.events.replayed_history import journals, populate
from tests.signing_key import SIGNING_KEY

PUBLISHER = "memory://elsewhere"
HANDLER = "profile-of-a-registered-user"
SETTINGS = Settings(store="memory://", password=PasswordSettings(cost=4), jwt=JwtSettings(key=SIGNING_KEY))


@pytest.fixture
def publisher() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def service(clock: AdjustableClock, publisher: MemoryPublisher):
    with open_service(SETTINGS, clock=clock, publishers=[PublishingSubscriber(PUBLISHER, publisher)]) as service:
        service.subscribe()
        yield service


@pytest.fixture
def bus(service: Service) -> MessageBus:
    return service.bus


def replay(bus: MessageBus, target: str, *, after: JournalKey | None = None, **event_filter: object) -> int:
    """Run a whole replay and return the number of its events."""
    step = bus.handle(ReplayEvents(replay=Replay(target=target, **event_filter), after=after))
    return step.events + (replay(bus, target, after=step.next, **event_filter) if step.next else 0)


def test_a_replay_delivers_all_events_to_a_publisher_again_in_order(
    service: Service, bus: MessageBus, publisher: MemoryPublisher
) -> None:
    populate(service)
    service.deliver_all()
    first = journals(publisher.published)
    count = len(publisher.published)
    assert bus.handle(PreviewReplay(replay=Replay(target=PUBLISHER))) == ReplayPreview(events=count, at_once=False)
    assert replay(bus, PUBLISHER) == count
    service.deliver_all()
    assert journals(publisher.published[count:]) == first


def test_a_step_replays_whole_aggregates(service: Service, bus: MessageBus, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(service)
    monkeypatch.setattr(replay_events, "BATCH", 5)  # an account has seven events, a profile four
    steps, after = [], None
    while True:
        step = bus.handle(ReplayEvents(replay=Replay(target=PUBLISHER), after=after))
        steps.append(step.events)
        after = step.next
        if after is None:
            break
    assert sum(steps) == 33
    assert sorted(steps) == [4, 4, 4, 7, 7, 7]


def test_events_during_a_replay_follow_the_history_of_their_aggregate(
    service: Service, bus: MessageBus, publisher: MemoryPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = populate(service)
    service.deliver_all()
    count = len(publisher.published)
    monkeypatch.setattr(replay_events, "BATCH", 5)
    after, stepped = None, False
    while not stepped or after:
        stepped = True
        step = bus.handle(ReplayEvents(replay=Replay(target=PUBLISHER), after=after))
        after = step.next
        for user_id in ids:  # while relays deliver
            bus.handle(UpdateProfile(user_id=user_id, changes={"bio": str(uuid4())}))
        service.deliver_all()
    for key, sequences in journals(publisher.published[count:]).items():
        begin = sequences.index(1)  # events before it belong to aggregates that were not yet replayed
        assert sequences[begin:] == list(range(1, len(sequences[begin:]) + 1)), key


def test_a_new_receiver_served_after_the_replay_receives_old_and_new_events_in_order(
    service: Service, clock: AdjustableClock
) -> None:
    ids = populate(service)
    new_publisher = MemoryPublisher()
    publishers = [PublishingSubscriber("memory://new", new_publisher)]
    with open_service(SETTINGS, clock=clock, store=service.store, publishers=publishers) as other:
        assert replay(other.bus, "memory://new") == 33
        service.bus.handle(DisableUser(user_id=ids[0]))  # by a process without this publisher
        other.deliver_all()
    received = journals(new_publisher.published)
    assert received["user", ids[0]] == list(range(1, 9))
    assert all(sequences == list(range(1, len(sequences) + 1)) for sequences in received.values())


def test_repeating_an_interrupted_replay_enqueues_nothing_twice(
    service: Service, bus: MessageBus, publisher: MemoryPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(service)
    service.deliver_all()
    count = len(publisher.published)
    with monkeypatch.context() as patch:
        patch.setattr(replay_events, "BATCH", 5)
        for _ in range(2):
            assert bus.handle(ReplayEvents(replay=Replay(target=PUBLISHER))).next is not None
    replay(bus, PUBLISHER)
    service.deliver_all()
    assert len(publisher.published) == 2 * count


def test_a_replay_may_be_limited_to_an_account_to_types_or_from_an_event(
    service: Service, bus: MessageBus, publisher: MemoryPublisher
) -> None:
    ids = populate(service)
    service.deliver_all()
    everything = sorted(publisher.published, key=lambda entry: entry.id)
    point = everything[20].id
    filters = [
        ({"user_id": ids[1]}, lambda entry: entry.subject == ids[1]),
        ({"types": [UserDisabled.type]}, lambda entry: entry.type == UserDisabled.type),
        ({"first": point}, lambda entry: entry.id >= point),
    ]
    for event_filter, wanted in filters:
        before = len(publisher.published)
        expected = [entry.id for entry in everything if wanted(entry)]
        assert bus.handle(PreviewReplay(replay=Replay(target=PUBLISHER, **event_filter))).events == len(expected)
        assert replay(bus, PUBLISHER, **event_filter) == len(expected)
        service.deliver_all()
        assert sorted(entry.id for entry in publisher.published[before:]) == expected


def test_a_replay_to_a_handler_has_its_own_types_only_and_no_second_effect(service: Service, bus: MessageBus) -> None:
    ids = populate(service)
    before = journals(service.store.history.page(EventFilter(), limit=200, after=None))
    assert replay(bus, HANDLER) == len(ids)
    service.deliver_all()
    assert list(service.store.dead_letters.page(limit=9, after=None)) == []
    assert journals(service.store.history.page(EventFilter(), limit=200, after=None)) == before


def test_a_replay_applies_a_new_handler_to_all_past_events_once(service: Service, clock: AdjustableClock) -> None:
    ids = populate(service)
    locking = HandlingSubscriber(
        EventHandler(
            name="locking",
            event=UserRegistered,
            handle=lambda event, uow: Users(uow).get(event.user_id).disable(clock.now()),
        ),
        service.store.unit_of_work,
    )
    disabled: list[list[bool]] = []
    with open_service(service.settings, clock=clock, store=service.store, subscribers=[locking]) as other:
        for _ in range(2):
            assert replay(other.bus, "locking") == 3
            other.deliver_all()
            disabled.append([other.bus.handle(GetUser(reference=str(user_id))).disabled for user_id in ids])
            for user_id in ids:
                other.bus.handle(EnableUser(user_id=user_id))
    assert disabled == [[True] * 3, [False] * 3]


def test_the_error_for_an_unknown_target_lists_the_known_ones(bus: MessageBus) -> None:
    for message in (PreviewReplay, ReplayEvents):
        with pytest.raises(UnknownTarget, match=f"there are {HANDLER}, {PUBLISHER}, profiles"):
            bus.handle(message(replay=Replay(target="kafka://elsewhere")))


def test_types_outside_the_subscription_of_a_target_are_refused(bus: MessageBus) -> None:
    with pytest.raises(TypeNotTaken, match=UserRegistered.type):
        bus.handle(PreviewReplay(replay=Replay(target=HANDLER, types=[UserDisabled.type])))
    with pytest.raises(TypeNotTaken, match=ProfileUpdated.type):
        bus.handle(ReplayEvents(replay=Replay(target="profiles", types=[ProfileCreated.type, UserDisabled.type])))
