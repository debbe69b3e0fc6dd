"""Replays on the memory store: to whom, in what order, with what effect, and what an interruption leaves."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.get_user import GetUser
from hexaccount.accounts.profile import ProfileCreated, ProfileUpdated
from hexaccount.accounts.update_profile import UpdateProfile
from hexaccount.accounts.user import UserDisabled, UserRegistered
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.events import replay_events as replaying
from hexaccount.events.get_event import EventNotFound, GetEvent
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.list_events import ListEvents
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.events.preview_replay import PreviewReplay, ReplayPreview
from hexaccount.events.replay import Replay, TypeNotTaken, UnknownTarget
from hexaccount.events.replay_events import ReplayEvents
from hexaccount.events.subscribers import HandlingSubscriber, PublishingSubscriber
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.identifiers import first_id_at
from hexaccount_memory import MemoryPublisher
from hexaccount_system import SystemClock
from tests.application.people import registration

WORLD = "memory://world"
HANDLER = "profile-of-a-registered-user"


@pytest.fixture
def world() -> MemoryPublisher:
    return MemoryPublisher()


@pytest.fixture
def service(clock: AdjustableClock, world: MemoryPublisher):
    settings = Settings(store="memory://", password=PasswordSettings(cost=4))
    with open_service(settings, clock=clock, publishers=[PublishingSubscriber(WORLD, world)]) as service:
        service.subscribe()
        yield service


@pytest.fixture
def bus(service: Service) -> Bus:
    return service.bus


def replay(bus: Bus, target: str, *, after: JournalKey | None = None, **event_filter: object) -> int:
    """Do a whole replay and return how many events it was of."""
    step = bus.handle(ReplayEvents(replay=Replay(target=target, **event_filter), after=after))
    return step.events + (replay(bus, target, after=step.next, **event_filter) if step.next else 0)


def journals(entries: Sequence[JournalEntry]) -> dict[JournalKey, list[int]]:
    """Return the sequences of the events of each aggregate in the order in which they came."""
    found: dict[JournalKey, list[int]] = {}
    for entry in entries:
        found.setdefault((entry.aggregate, entry.aggregate_id), []).append(entry.sequence)
    return found


def populate(service: Service, people: int = 3) -> list[UUID]:
    """Register people who are then disabled and enabled, and change their profiles."""
    ids = [service.bus.handle(registration(f"user{number}")) for number in range(people)]
    service.deliver_all()
    for _ in range(3):
        for user_id in ids:
            service.bus.handle(DisableUser(user_id=user_id))
            service.bus.handle(EnableUser(user_id=user_id))
            service.bus.handle(UpdateProfile(user_id=user_id, changes={"bio": str(uuid4())}))
    return ids


def test_a_publisher_is_told_all_once_more_and_in_order(service: Service, bus: Bus, world: MemoryPublisher) -> None:
    populate(service)
    service.deliver_all()
    first = journals(world.published)
    told = len(world.published)
    assert bus.handle(PreviewReplay(replay=Replay(target=WORLD))) == ReplayPreview(events=told, at_once=False)
    assert replay(bus, WORLD) == told
    service.deliver_all()
    assert journals(world.published[told:]) == first


def test_steps_take_aggregates_whole(service: Service, bus: Bus, monkeypatch: pytest.MonkeyPatch) -> None:
    populate(service)
    monkeypatch.setattr(replaying, "BATCH", 5)  # an account has seven events, a profile four
    steps, after = [], None
    while True:
        step = bus.handle(ReplayEvents(replay=Replay(target=WORLD), after=after))
        steps.append(step.events)
        after = step.next
        if after is None:
            break
    assert sum(steps) == 33
    assert sorted(steps) == [4, 4, 4, 7, 7, 7]


def test_what_happens_during_a_replay_comes_after_the_history_of_its_aggregate(
    service: Service, bus: Bus, world: MemoryPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = populate(service)
    service.deliver_all()
    told = len(world.published)
    monkeypatch.setattr(replaying, "BATCH", 5)
    after, stepped = None, False
    while not stepped or after:
        stepped = True
        step = bus.handle(ReplayEvents(replay=Replay(target=WORLD), after=after))
        after = step.next
        for user_id in ids:  # while the relays are at work
            bus.handle(UpdateProfile(user_id=user_id, changes={"bio": str(uuid4())}))
        service.deliver_all()
    for key, sequences in journals(world.published[told:]).items():
        begin = sequences.index(1)  # what has come before it is news of aggregates whose turn had not come
        assert sequences[begin:] == list(range(1, len(sequences[begin:]) + 1)), key


def test_a_new_receiver_gets_history_and_news_in_order_if_it_is_served_after_the_replay(
    service: Service, clock: AdjustableClock
) -> None:
    ids = populate(service)
    newcomer = MemoryPublisher()
    settings = Settings(store="memory://", password=PasswordSettings(cost=4))
    publishers = [PublishingSubscriber("memory://new", newcomer)]
    with open_service(settings, clock=clock, store=service.store, publishers=publishers) as other:
        assert replay(other.bus, "memory://new") == 33
        service.bus.handle(DisableUser(user_id=ids[0]))  # by a process that has never heard of it
        other.deliver_all()
    told = journals(newcomer.published)
    assert told["user", ids[0]] == list(range(1, 9))
    assert all(sequences == list(range(1, len(sequences) + 1)) for sequences in told.values())


def test_an_interrupted_replay_that_is_run_again_owes_nothing_twice(
    service: Service, bus: Bus, world: MemoryPublisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    populate(service)
    service.deliver_all()
    told = len(world.published)
    with monkeypatch.context() as patch:
        patch.setattr(replaying, "BATCH", 5)
        for _ in range(2):
            assert bus.handle(ReplayEvents(replay=Replay(target=WORLD))).next is not None
    replay(bus, WORLD)
    service.deliver_all()
    assert len(world.published) == 2 * told


def test_a_replay_may_be_of_one_account_some_types_or_from_a_point(
    service: Service, bus: Bus, world: MemoryPublisher
) -> None:
    ids = populate(service)
    service.deliver_all()
    everything = sorted(world.published, key=lambda entry: entry.id)
    point = everything[20].id
    choices = [
        ({"user_id": ids[1]}, lambda entry: entry.subject == ids[1]),
        ({"types": [UserDisabled.type]}, lambda entry: entry.type == UserDisabled.type),
        ({"first": point}, lambda entry: entry.id >= point),
    ]
    for event_filter, wanted in choices:
        before = len(world.published)
        expected = [entry.id for entry in everything if wanted(entry)]
        assert bus.handle(PreviewReplay(replay=Replay(target=WORLD, **event_filter))).events == len(expected)
        assert replay(bus, WORLD, **event_filter) == len(expected)
        service.deliver_all()
        assert sorted(entry.id for entry in world.published[before:]) == expected


def test_a_handler_is_owed_its_own_types_only_and_has_its_effect_once(service: Service, bus: Bus) -> None:
    ids = populate(service)
    before = journals(service.store.history.page(EventFilter(), limit=200, after=None))
    assert replay(bus, HANDLER) == len(ids)
    service.deliver_all()
    assert list(service.store.dead_letters.page(limit=9, after=None)) == []
    assert journals(service.store.history.page(EventFilter(), limit=200, after=None)) == before


def test_a_handler_that_is_new_has_its_effect_on_all_that_ever_happened_and_only_once(
    service: Service, clock: AdjustableClock
) -> None:
    ids = populate(service)
    locking = HandlingSubscriber(
        name="locking",
        event_type=UserRegistered,
        handler=lambda event, uow: uow.users.get(event.user_id).disable(clock.now()),
        unit_of_work=service.store.unit_of_work,
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


def test_nobody_is_told_whom_the_service_does_not_know(bus: Bus) -> None:
    for message in (PreviewReplay, ReplayEvents):
        with pytest.raises(UnknownTarget, match=f"there are {HANDLER}, {WORLD}, profiles"):
            bus.handle(message(replay=Replay(target="kafka://elsewhere")))


def test_types_that_a_target_does_not_take_are_refused(bus: Bus) -> None:
    with pytest.raises(TypeNotTaken, match=UserRegistered.type):
        bus.handle(PreviewReplay(replay=Replay(target=HANDLER, types=[UserDisabled.type])))
    with pytest.raises(TypeNotTaken, match=ProfileUpdated.type):
        bus.handle(ReplayEvents(replay=Replay(target="profiles", types=[ProfileCreated.type, UserDisabled.type])))


def test_events_are_listed_by_pages_and_since_the_time_of_their_recording(service: Service, bus: Bus) -> None:
    user_id, *_ = populate(service)
    listed: list[JournalEntry] = []
    while True:
        page = bus.handle(ListEvents(user_id=user_id, limit=4, after=listed[-1].id if listed else None))
        listed += page.events
        if page.next is None:
            break
        assert page.next == listed[-1].id
    assert len(listed) == 11
    now = SystemClock().now()
    assert listed[-1].id < first_id_at(now + timedelta(milliseconds=1))
    assert bus.handle(ListEvents(user_id=user_id, since=now + timedelta(minutes=1))).events == []
    assert len(bus.handle(ListEvents(user_id=user_id, since=now - timedelta(minutes=5))).events) == 11
    with pytest.raises(ValueError, match="1 to 200"):
        ListEvents(user_id=user_id, limit=201)


def test_an_event_is_shown_or_refused_as_unknown(service: Service, bus: Bus) -> None:
    populate(service, 1)
    (event, *_) = bus.handle(ListEvents(user_id=service.bus.handle(registration("romeo")))).events
    assert bus.handle(GetEvent(event_id=event.id)) == event
    with pytest.raises(EventNotFound):
        bus.handle(GetEvent(event_id=uuid4()))
