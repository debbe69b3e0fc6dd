import json
import re
from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from uuid import UUID

from jsonschema import Draft202012Validator, FormatChecker

from hexaccount.conformance.suites.capability_under_test import CapabilityUnderTest
from hexaccount.events.event_codec import from_entry, to_data
from hexaccount.events.event_schemas import data_schema, description_of
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.event import EVENT_TYPES, Event
from hexaccount.kernel.records import RecordType

_TYPE = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+\.v[1-9][0-9]*")


class CapabilityEventsContract:
    """A capability's events can be stored, published and folded."""

    def test_the_samples_have_every_event(self, under_test: CapabilityUnderTest) -> None:
        declared = {
            event_type
            for event_type, event in EVENT_TYPES.items()
            if event.__module__.partition(".")[0] == under_test.package.partition(".")[0]
        }
        missing = declared - {event.type for event in under_test.events}
        assert not missing, f"add aggregates to the samples that have recorded {', '.join(sorted(missing))}"

    def test_every_event_type_begins_with_its_package(self, under_test: CapabilityUnderTest) -> None:
        for event in under_test.events:
            assert _TYPE.fullmatch(event.type), f"{event.type} is not of the form package.thing.happened.v1"
            assert event.type.startswith(f"{under_test.package}."), f"{event.type} does not begin with its package"
            assert description_of(type(event)), f"{event.type} has no docstring, which describes it to consumers"

    def test_every_event_is_read_from_the_journal_as_it_was_recorded(self, under_test: CapabilityUnderTest) -> None:
        for event in under_test.events:
            assert from_entry(_entry_of(event)) == event, f"{event.type} changes in the journal"

    def test_every_event_fits_its_schema(self, under_test: CapabilityUnderTest) -> None:
        for event in under_test.events:
            validator = Draft202012Validator(data_schema(type(event)), format_checker=FormatChecker())
            faults = [error.message for error in validator.iter_errors(_entry_of(event).data)]
            assert not faults, f"{event.type} does not fit its schema: {faults}"

    def test_no_event_has_a_secret(self, under_test: CapabilityUnderTest) -> None:
        for record_type, record in under_test.records():
            if isinstance(record, Aggregate):
                recorded = [value for event in record.pending for value in to_data(event).values()]
                for name, secret in _secrets_of(record_type, record):
                    assert secret not in recorded, f"an event of the {record_type.kind} has the secret {name}"

    def test_no_event_has_a_field_that_is_hidden(self, under_test: CapabilityUnderTest) -> None:
        for event in under_test.events:
            hidden = [each.name for each in fields(event) if not each.repr]
            assert not hidden, f"{event.type} has {hidden}, hidden as secrets are; a secret may be in no event"

    def test_folding_the_events_of_an_aggregate_gives_its_state(self, under_test: CapabilityUnderTest) -> None:
        for record_type, record in under_test.records():
            if isinstance(record, Aggregate):
                folded = state_of(record_type, type(record).fold(record.pending))
                assert folded == state_of(record_type, record), f"the events of a {record_type.kind} fold to another"


def state_of(record_type: RecordType[Any], record: Any) -> dict[str, Any]:
    """Return the stored fields that follow from events."""
    outside = record.outside_events if isinstance(record, Aggregate) else frozenset()
    pairs = zip(record_type.fields, record_type.dump(record), strict=True)
    return {each.name: value for each, value in pairs if not each.secret and each.name not in outside}


def _secrets_of(record_type: RecordType[Any], record: Any) -> Iterator[tuple[str, Any]]:
    for each, value in zip(record_type.fields, record_type.dump(record), strict=True):
        if each.secret and value is not None:
            yield each.name, value


def _entry_of(event: Event) -> JournalEntry:
    """Return the entry of an event, whose data has been JSON."""
    return JournalEntry(
        id=UUID(int=1),
        type=event.type,
        source="urn:hexaccount:contract",
        subject=event.user_id,
        time=event.at,
        aggregate="contract",
        aggregate_id=event.user_id,
        sequence=1,
        dataschema="",
        causation_id=None,
        traceparent=None,
        data=json.loads(json.dumps(to_data(event))),
    )
