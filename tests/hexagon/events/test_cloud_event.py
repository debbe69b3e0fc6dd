from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from hexaccount.events.cloud_event import attributes_of, structured
from hexaccount.events.journal_entry import JournalEntry


def entry(**cause: Any) -> JournalEntry:
    return JournalEntry(
        id=UUID(int=1),
        type="hexaccount.session.closed.v1",
        source="urn:hexaccount",
        subject=UUID(int=2),
        time=datetime(2026, 11, 23, 1, 2, 3, 4000, UTC),
        aggregate="session",
        aggregate_id=UUID(int=3),
        sequence=4,
        dataschema="urn:hexaccount:schema:hexaccount.session.closed.v1",
        **cause,
        data={"session_id": str(UUID(int=3))},
    )


def test_every_field_of_a_journal_entry_becomes_an_attribute() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    cause = {"actor": "admin:ada@host", "session_id": UUID(int=5), "network": "192.0.2.7", "request_id": "request-1"}
    assert attributes_of(entry(**cause, causation_id="event-1", traceparent=trace, reason="a letter")) == {
        "specversion": "1.0",
        "id": "00000000-0000-0000-0000-000000000001",
        "type": "hexaccount.session.closed.v1",
        "source": "urn:hexaccount",
        "subject": "00000000-0000-0000-0000-000000000002",
        "time": "2026-11-23T01:02:03.004Z",
        "datacontenttype": "application/json",
        "dataschema": "urn:hexaccount:schema:hexaccount.session.closed.v1",
        "aggregate": "session",
        "aggregateid": "00000000-0000-0000-0000-000000000003",
        "sequence": "4",
        "actor": "admin:ada@host",
        "sessionid": "00000000-0000-0000-0000-000000000005",
        "network": "192.0.2.7",
        "requestid": "request-1",
        "causationid": "event-1",
        "traceparent": trace,
        "reason": "a letter",
    }


def test_missing_fields_are_left_out_of_the_attributes() -> None:
    attributes = attributes_of(entry())
    assert attributes["actor"] == "service"
    assert not {"sessionid", "network", "requestid", "causationid", "traceparent", "reason"} & attributes.keys()


def test_the_json_format_has_the_data_beside_the_attributes() -> None:
    document = structured(entry(request_id="request-1"))
    assert document.pop("data") == {"session_id": "00000000-0000-0000-0000-000000000003"}
    assert document == attributes_of(entry(request_id="request-1"))
