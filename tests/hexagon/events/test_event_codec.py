import json
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings

from hexaccount.events.event_codec import UnknownEvent, from_entry, to_data
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.clock import format_time
from hexaccount.kernel.event import Event
from hexaccount.sessions.session import SessionClosed
from tests.event_types import EVENT_TYPES
from tests.hexagon.events.any_event import any_event


def entry_of(event_type: str, time: datetime, data: dict[str, Any]) -> JournalEntry:
    return JournalEntry(
        id=uuid4(),
        type=event_type,
        source="urn:hexaccount:test",
        subject=UUID(int=1),
        time=time,
        aggregate="user",
        aggregate_id=UUID(int=1),
        sequence=1,
        dataschema="urn:hexaccount:schema",
        causation_id=None,
        traceparent=None,
        data=data,
    )


@pytest.mark.parametrize("kind", EVENT_TYPES.values())
def test_every_event_survives_a_round_trip_through_json(kind: type[Event]) -> None:
    @settings(max_examples=30, deadline=None)
    @given(event=any_event(kind))
    def survives(event: Event) -> None:
        data = json.loads(json.dumps(to_data(event)))
        assert from_entry(entry_of(event.type, event.at, data)) == event

    survives()


@pytest.mark.parametrize("kind", EVENT_TYPES.values())
def test_the_data_of_an_event_contains_every_field_except_its_time(kind: type[Event]) -> None:
    @settings(max_examples=30, deadline=None)
    @given(event=any_event(kind))
    def contains_all(event: Event) -> None:
        assert set(to_data(event)) == {field.name for field in fields(event)} - {"at"}

    contains_all()


def test_the_error_for_an_unknown_type_names_the_remedy() -> None:
    with pytest.raises(UnknownEvent, match=r"hexaccount\.user\.renamed\.v1 are unknown here; upgrade .* install"):
        from_entry(entry_of("hexaccount.user.renamed.v1", datetime(2026, 1, 2, tzinfo=UTC), {}))


def test_a_field_of_a_later_version_is_ignored() -> None:
    event = SessionClosed(user_id=uuid4(), session_id=uuid4(), at=datetime(2026, 1, 2, tzinfo=UTC))
    entry = entry_of(event.type, event.at, {**to_data(event), "reason": "new"})
    assert from_entry(entry) == event


def test_the_data_shares_no_mutable_value_with_the_event() -> None:
    changes = {"bio": "Actor"}
    event = EVENT_TYPES["hexaccount.profile.updated.v1"](
        user_id=uuid4(), at=datetime(2026, 1, 2, tzinfo=UTC), changes=changes
    )
    data = to_data(event)
    changes["bio"] = "Poet"
    assert data["changes"] == {"bio": "Actor"}


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, 678_000, UTC), "2026-01-02T03:04:05.678Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05.000Z"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone(timedelta(hours=2))), "2026-01-02T01:04:05.000Z"),
    ],
)
def test_a_time_is_formatted_in_utc_with_whole_milliseconds(moment: datetime, text: str) -> None:
    assert format_time(moment) == text
