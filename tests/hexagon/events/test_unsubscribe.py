"""Lists subscriptions and removes those without a subscriber."""

from collections.abc import Iterator

import pytest

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.events import unsubscribe
from hexaccount.events.list_subscribers import ListSubscribers
from hexaccount.events.ports import Backlog, EventFilter
from hexaccount.events.subscribers import PublishingSubscriber
from hexaccount.events.unsubscribe import SubscriberInUse, UnknownSubscriber, Unsubscribe
from hexaccount_memory import MemoryPublisher
from hexaccount_memory.subscriptions import MemorySubscriptions
from tests.people import registration

PUBLISHER, ORPHANED = "memory://elsewhere", "kafka://old/hexaccount"
HANDLER = "profile-of-a-registered-user"


@pytest.fixture
def service() -> Iterator[Service]:
    settings = Settings(store="memory://", password=PasswordSettings(cost=4))
    with open_service(settings, publishers=[PublishingSubscriber(PUBLISHER, MemoryPublisher())]) as service:
        service.subscribe()
        service.store.outbox.subscribe(ORPHANED, ["*"])
        yield service


def states(service: Service) -> dict[str, tuple[str, int]]:
    return {one.name: (one.state, one.backlog.pending) for one in service.bus.handle(ListSubscribers())}


def test_every_subscription_is_listed_with_its_state(service: Service) -> None:
    service.bus.handle(registration())
    assert states(service) == {HANDLER: ("active", 1), ORPHANED: ("orphaned", 1), PUBLISHER: ("active", 1)}
    service.deliver_all()
    assert states(service) == {HANDLER: ("active", 0), ORPHANED: ("orphaned", 2), PUBLISHER: ("active", 0)}
    assert [one.name for one in service.bus.handle(ListSubscribers())] == sorted([HANDLER, ORPHANED, PUBLISHER])


def test_an_orphaned_subscription_is_removed_with_its_pending_events(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unsubscribe, "BATCH", 2)
    for name in ("ada", "grace", "juliet", "romeo", "eve"):
        service.bus.handle(registration(name))
    assert service.bus.handle(Unsubscribe(subscriber=ORPHANED)) == 5
    service.bus.handle(registration("mallory"))
    assert service.store.outbox.backlog(ORPHANED, limit=10) == Backlog(pending=0, dead_letters=0, oldest=None)
    assert states(service) == {HANDLER: ("active", 6), PUBLISHER: ("active", 6)}


def test_an_active_subscription_is_not_removed(service: Service) -> None:
    service.bus.handle(registration())
    with pytest.raises(
        SubscriberInUse,
        match=r"memory://elsewhere is in use: .* or the settings `events`, `webhooks` or `cache` name it$",
    ):
        service.bus.handle(Unsubscribe(subscriber=PUBLISHER))
    assert states(service)[PUBLISHER] == ("active", 1)


def test_the_error_for_an_unknown_subscription_does_not_repeat_its_name(service: Service) -> None:
    with pytest.raises(UnknownSubscriber, match="there is no such subscription") as refusal:
        service.bus.handle(Unsubscribe(subscriber="redis://:secret@other/0/hexaccount"))
    assert "secret" not in str(refusal.value)


def test_a_configured_subscriber_without_a_subscription_is_listed_as_not_subscribed(service: Service) -> None:
    assert service.store.subscriptions.unsubscribe(PUBLISHER, limit=10) == 0
    service.bus.handle(registration())
    assert states(service)[PUBLISHER] == ("not_subscribed", 0)
    service.subscribe()
    assert states(service)[PUBLISHER] == ("active", 0)


def test_events_enqueued_during_the_removal_are_removed_too(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.bus.handle(registration())
    remove, first_call = MemorySubscriptions.unsubscribe, [True]

    def with_a_late_event(self: MemorySubscriptions, subscriber: str, *, limit: int) -> int:
        removed = remove(self, subscriber, limit=limit)
        if first_call:
            first_call.clear()
            service.store.outbox.enqueue(subscriber, service.store.history.page(EventFilter(), limit=1, after=None))
        return removed

    monkeypatch.setattr(MemorySubscriptions, "unsubscribe", with_a_late_event)
    assert service.bus.handle(Unsubscribe(subscriber=ORPHANED)) == 2
    assert ORPHANED not in service.store.subscriptions.names()
