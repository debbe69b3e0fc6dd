"""Subscribers that nothing names any more: seen, and forgotten with what they are owed."""

from collections.abc import Iterator

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.events import unsubscribe as forgetting
from hexaccount.events.list_subscribers import ListSubscribers
from hexaccount.events.ports import Backlog, EventFilter
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.events.unsubscribe import SubscriberInUse, UnknownSubscriber, Unsubscribe
from hexaccount_memory import MemoryPublisher
from hexaccount_memory.subscriptions import MemorySubscriptions
from tests.application.people import registration

WORLD, LEFT = "memory://world", "kafka://old/hexaccount"
HANDLER = "profile-of-a-registered-user"


@pytest.fixture
def service() -> Iterator[Service]:
    settings = Settings(store="memory://", password=PasswordSettings(cost=4))
    with open_service(settings, publishers=[PublishingSubscriber(WORLD, MemoryPublisher())]) as service:
        service.subscribe()
        service.store.outbox.subscribe(LEFT, ["*"])
        yield service


def told(service: Service) -> dict[str, tuple[str, int]]:
    return {one.name: (one.state, one.backlog.pending) for one in service.bus.handle(ListSubscribers())}


def test_everybody_who_is_owed_events_is_listed_and_whether_the_service_knows_them(service: Service) -> None:
    service.bus.handle(registration())
    assert told(service) == {HANDLER: ("in_use", 1), LEFT: ("left", 1), WORLD: ("in_use", 1)}
    service.deliver_all()
    assert told(service) == {HANDLER: ("in_use", 0), LEFT: ("left", 2), WORLD: ("in_use", 0)}
    assert [one.name for one in service.bus.handle(ListSubscribers())] == sorted([HANDLER, LEFT, WORLD])


def test_whom_nothing_names_can_be_forgotten_with_all_that_is_owed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    for name in ("ada", "grace", "juliet", "romeo", "eve"):
        service.bus.handle(registration(name))
    assert service.bus.handle(Unsubscribe(subscriber=LEFT)) == 5
    service.bus.handle(registration("mallory"))
    assert service.store.outbox.backlog(LEFT, limit=10) == Backlog(pending=0, dead_letters=0, oldest=None)
    assert told(service) == {HANDLER: ("in_use", 6), WORLD: ("in_use", 6)}


def test_one_that_the_service_knows_is_not_forgotten(service: Service) -> None:
    service.bus.handle(registration())
    with pytest.raises(SubscriberInUse, match=r"memory://world is in use: .* take it out of those of every process"):
        service.bus.handle(Unsubscribe(subscriber=WORLD))
    assert told(service)[WORLD] == ("in_use", 1)


def test_one_that_is_not_there_is_told_where_the_names_are_and_not_repeated(service: Service) -> None:
    with pytest.raises(UnknownSubscriber, match="hexaccount outbox subscribers") as refusal:
        service.bus.handle(Unsubscribe(subscriber="redis://:secret@other/0/hexaccount"))
    assert "secret" not in str(refusal.value)


def test_one_that_was_forgotten_and_is_named_still_is_told_to_be_without_events(service: Service) -> None:
    assert service.store.subscriptions.unsubscribe(WORLD, limit=10) == 0
    service.bus.handle(registration())
    assert told(service)[WORLD] == ("not_enrolled", 0)
    service.subscribe()
    assert told(service)[WORLD] == ("in_use", 0)


def test_what_is_committed_while_it_is_forgotten_goes_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.bus.handle(registration())
    cancel, late = MemorySubscriptions.cancel, ["kafka"]

    def with_one_on_its_way(self: MemorySubscriptions, subscriber: str, *, limit: int) -> int:
        struck_off = cancel(self, subscriber, limit=limit)
        if late:
            service.store.outbox.enqueue(
                late.pop() and subscriber, service.store.history.page(EventFilter(), limit=1, after=None)
            )
        return struck_off

    monkeypatch.setattr(MemorySubscriptions, "cancel", with_one_on_its_way)
    assert service.bus.handle(Unsubscribe(subscriber=LEFT)) == 2
    assert LEFT not in service.store.subscriptions.names()
