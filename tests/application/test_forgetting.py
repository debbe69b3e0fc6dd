"""Subscribers that nothing names any more: seen, and forgotten with what they are owed."""

from collections.abc import Iterator

import pytest

from hexaccount.application import forget_subscriber as forgetting
from hexaccount.application.forget_subscriber import ForgetSubscriber, SubscriberInUse, SubscriberUnknown
from hexaccount.application.list_subscribers import ListSubscribers
from hexaccount.application.ports.outbox import Backlog
from hexaccount.application.subscribers import PublishingSubscriber
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount_memory import MemoryPublisher
from tests.application.people import registration

WORLD, LEFT = "memory://world", "kafka://old/hexaccount"
HANDLER = "profile-of-a-registered-user"


@pytest.fixture
def service() -> Iterator[Service]:
    settings = Settings(store="memory://", password=PasswordSettings(cost=4))
    with open_service(settings, publishers=[PublishingSubscriber(WORLD, MemoryPublisher())]) as service:
        service.enrol()
        service.store.outbox.enrol(LEFT, ["*"])
        yield service


def told(service: Service) -> dict[str, tuple[bool, int]]:
    return {one.name: (one.known, one.backlog.owed) for one in service.bus.handle(ListSubscribers())}


def test_everybody_who_is_owed_events_is_listed_and_whether_the_service_knows_them(service: Service) -> None:
    service.bus.handle(registration())
    assert told(service) == {HANDLER: (True, 1), LEFT: (False, 1), WORLD: (True, 1)}
    service.deliver_all()
    assert told(service) == {HANDLER: (True, 0), LEFT: (False, 2), WORLD: (True, 0)}
    assert [one.name for one in service.bus.handle(ListSubscribers())] == sorted([HANDLER, LEFT, WORLD])


def test_whom_nothing_names_can_be_forgotten_with_all_that_is_owed(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", 2)
    for name in ("ada", "grace", "juliet", "romeo", "eve"):
        service.bus.handle(registration(name))
    assert service.bus.handle(ForgetSubscriber(subscriber=LEFT)) == 5
    service.bus.handle(registration("mallory"))
    assert service.store.outbox.backlog(LEFT, limit=10) == Backlog(owed=0, set_aside=0, oldest=None)
    assert told(service) == {HANDLER: (True, 6), WORLD: (True, 6)}


def test_one_that_the_service_knows_is_not_forgotten(service: Service) -> None:
    service.bus.handle(registration())
    with pytest.raises(SubscriberInUse, match=r"memory://world is a subscriber .* take it out of the settings"):
        service.bus.handle(ForgetSubscriber(subscriber=WORLD))
    assert told(service)[WORLD] == (True, 1)


def test_one_that_is_not_there_is_told_with_those_that_are(service: Service) -> None:
    with pytest.raises(SubscriberUnknown, match=LEFT):
        service.bus.handle(ForgetSubscriber(subscriber="kafka://other/hexaccount"))
