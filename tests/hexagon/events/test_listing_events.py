from datetime import timedelta
from uuid import uuid4

import pytest

from hexaccount.bootstrap.service import Service
from hexaccount.events.get_event import EventNotFound, GetEvent
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.list_events import ListEvents
from hexaccount.kernel.identifiers import first_id_at
from hexaccount_system import SystemClock
from tests.hexagon.events.replayed_history import populate
from tests.people import registration


def test_events_are_listed_by_pages_and_since_a_time(service: Service) -> None:
    user_id, *_ = populate(service)
    listed: list[JournalEntry] = []
    while True:
        page = service.bus.handle(ListEvents(user_id=user_id, limit=4, after=listed[-1].id if listed else None))
        listed += page.events
        if page.next is None:
            break
        assert page.next == listed[-1].id
    assert len(listed) == 11
    now = SystemClock().now()
    assert listed[-1].id < first_id_at(now + timedelta(milliseconds=1))
    assert service.bus.handle(ListEvents(user_id=user_id, since=now + timedelta(minutes=1))).events == []
    assert len(service.bus.handle(ListEvents(user_id=user_id, since=now - timedelta(minutes=5))).events) == 11
    with pytest.raises(ValueError, match="1 to 200"):
        ListEvents(user_id=user_id, limit=201)


def test_an_event_is_found_by_id_or_reported_as_unknown(service: Service) -> None:
    populate(service, 1)
    (event, *_) = service.bus.handle(ListEvents(user_id=service.bus.handle(registration("romeo")))).events
    assert service.bus.handle(GetEvent(event_id=event.id)) == event
    with pytest.raises(EventNotFound):
        service.bus.handle(GetEvent(event_id=uuid4()))
