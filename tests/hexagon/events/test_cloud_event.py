from datetime import UTC, datetime
from uuid import UUID

from hexaccount.events.cloud_event import attributes_of, structured
from hexaccount.events.journal_entry import JournalEntry


def entry(causation_id: str | None, traceparent: str | None) -> JournalEntry:
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
        causation_id=causation_id,
        traceparent=traceparent,
        data={"session_id": str(UUID(int=3))},
    )


def test_every_field_of_a_journal_entry_becomes_an_attribute() -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    assert attributes_of(entry("request-1", trace)) == {
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
        "causationid": "request-1",
        "traceparent": trace,
    }


def test_missing_fields_are_left_out_of_the_attributes() -> None:
    attributes = attributes_of(entry(None, None))
    assert not {"causationid", "traceparent"} & attributes.keys()


def test_the_json_format_has_the_data_beside_the_attributes() -> None:
    document = structured(entry("request-1", None))
    assert document.pop("data") == {"session_id": "00000000-0000-0000-0000-000000000003"}
    assert document == attributes_of(entry("request-1", None))
