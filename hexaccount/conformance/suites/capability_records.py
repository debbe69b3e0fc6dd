from collections.abc import Iterator
from contextlib import closing
from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount.bootstrap.capabilities import OURS
from hexaccount.conformance.suites.capability_events import state_of
from hexaccount.conformance.suites.capability_under_test import CapabilityUnderTest
from hexaccount.events.event_codec import from_entry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.records import LookUp, RecordType, Row
from hexaccount.store_kit.store import Store


class CapabilityRecordsContract:
    """What a capability stores is declared fully, and every store keeps it as it is."""

    def test_the_samples_have_every_record_type(self, under_test: CapabilityUnderTest) -> None:
        for record_type in under_test.capability.records:
            assert under_test.samples.get(record_type), f"add records of {record_type.name} to the samples"

    def test_every_record_type_begins_with_its_package(self, under_test: CapabilityUnderTest) -> None:
        taken = {record_type.name for capability in OURS for record_type in capability.records}
        for record_type in under_test.capability.records:
            named = f"the record type {record_type.name}"
            assert record_type.name.startswith(under_test.package), f"{named} does not begin with its package"
            assert record_type.name.isidentifier(), f"{named} is not letters, digits and underscores"
            assert record_type.name not in taken, f"{named} is declared twice"
            taken.add(record_type.name)

    def test_every_declaration_names_fields(self, under_test: CapabilityUnderTest) -> None:
        for record_type in under_test.capability.records:
            named = [field for look_up in record_type.look_ups for field in _fields_of(look_up)]
            named += [rule.field for rule in record_type.unique]
            named += [record_type.reference.field] if record_type.reference else []
            unknown = set(named) - {field.name for field in record_type.fields}
            assert not unknown, f"{record_type.name} has no fields {sorted(unknown)}, which its declaration names"
        for expiry in under_test.capability.expiries:
            assert expiry.record_type in under_test.capability.records, f"{expiry.kind} is of records that are not ours"

    def test_a_record_is_loaded_as_it_was_dumped(self, under_test: CapabilityUnderTest) -> None:
        for record_type, record in under_test.records():
            row = record_type.dump(record)
            assert record_type.dump(record_type.load(row)) == row, f"a {record_type.kind} changes when it is loaded"
            for field, value in zip(record_type.fields, row, strict=True):
                named = f"{record_type.name}.{field.name}"
                assert value is not None or field.nullable, f"{named} is None, and not declared so"
                assert value is None or type(value) is field.type, f"{named} is a {type(value).__name__}"
                if isinstance(value, datetime):
                    assert value.utcoffset() == timedelta(), f"{named} is not in UTC"
                    assert value.microsecond % 1000 == 0, f"{named} is not in whole milliseconds"

    def test_every_store_keeps_records_as_they_are(self, under_test: CapabilityUnderTest) -> None:
        for store in _stores_of(under_test):
            rows = _add_samples(under_test, store)
            with store.unit_of_work() as uow:
                for record_type, row in rows:
                    found = uow.records(record_type).get(row[0])
                    assert found is not None, f"a {record_type.kind} is not stored"
                    assert record_type.dump(found) == row, f"a {record_type.kind} changes in the store"

    def test_every_look_up_finds_the_records_that_it_describes(self, under_test: CapabilityUnderTest) -> None:
        for store in _stores_of(under_test):
            rows = _add_samples(under_test, store)
            with store.unit_of_work() as uow:
                for record_type, row in rows:
                    for look_up in record_type.look_ups:
                        values = _values_of(record_type, look_up, row)
                        found = uow.records(record_type).page(look_up, limit=None, **values)
                        keys = [record_type.dump(each)[0] for each in found]
                        assert row[0] in keys, f"a look-up by {sorted(values)} does not find a {record_type.kind}"

    def test_every_store_refuses_a_second_record_with_a_unique_value(self, under_test: CapabilityUnderTest) -> None:
        for store in _stores_of(under_test):
            for record_type, row in _add_samples(under_test, store):
                for rule in record_type.unique:
                    if row[record_type.position(rule.field)] is None:
                        continue
                    other = record_type.load((_another(row[0]), *row[1:]))
                    with store.unit_of_work() as uow:
                        uow.records(record_type).add(other)
                        with pytest.raises(type(record_type.unique[0].taken(other))):
                            uow.commit()

    def test_every_added_field_has_a_value_of_its_type(self, under_test: CapabilityUnderTest) -> None:
        for record_type in under_test.capability.records:
            for field in record_type.fields:
                added = field.added_as
                named = f"{record_type.name}.{field.name}"
                assert added is None or type(added) is field.type, f"{named} is added as a {type(added).__name__}"
                assert added is None or field is not record_type.key, f"{named} is the key, which cannot be added"

    def test_every_store_keeps_the_events_of_an_aggregate(self, under_test: CapabilityUnderTest) -> None:
        for store in _stores_of(under_test):
            _add_samples(under_test, store)
            for record_type, record in under_test.records():
                if isinstance(record, Aggregate):
                    with store.unit_of_work() as uow:
                        events = [from_entry(entry) for entry in uow.journal.of(record.kind, record.id)]
                    folded = state_of(record_type, type(record).fold(events))
                    assert folded == state_of(record_type, record), f"the journal of a {record_type.kind} is another"


def _stores_of(under_test: CapabilityUnderTest) -> Iterator[Store]:
    for opener in under_test.stores:
        with closing(under_test.opened(opener)) as store:
            yield store


def _add_samples(under_test: CapabilityUnderTest, store: Store) -> list[tuple[RecordType[Any], Row]]:
    """Store the samples, which keep their events, and return their rows."""
    with store.unit_of_work() as uow:
        for record_type, record in under_test.records():
            uow.records(record_type).add(deepcopy(record))
        uow.commit()
    return [(record_type, record_type.dump(record)) for record_type, record in under_test.records()]


def _fields_of(look_up: LookUp) -> tuple[str, ...]:
    return (*look_up.equal, *((look_up.above,) if look_up.above else ()), *look_up.indexed)


def _values_of(record_type: RecordType[Any], look_up: LookUp, row: Row) -> dict[str, Any]:
    """Return the values with which a look-up finds a row."""
    values = {name: row[record_type.position(name)] for name in look_up.equal}
    if look_up.above is not None:
        above = row[record_type.position(look_up.above)]
        values[look_up.above] = above - (timedelta(seconds=1) if isinstance(above, datetime) else 1)
    return values


def _another(key: Any) -> Any:
    return uuid4() if isinstance(key, UUID) else f"{key}-another" if isinstance(key, str) else key + 1_000_000
