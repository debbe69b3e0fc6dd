"""The fixtures of suites of records, and units of work on the record types of the kit in one line."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest

from hexaccount.conformance.suites.contract_suite import ContractSuite, StoreUnderTest
from hexaccount.conformance.suites.factory import START, Factory
from hexaccount.conformance.suites.kit_records import (
    BOOKS,
    BY_ID,
    KIT_RECORDS,
    Book,
)
from hexaccount.kernel.records import RecordType
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.store import Store


class KitSuite(ContractSuite):
    """The fixtures of suites of records: a store with the record types of the kit, which it has never heard of."""

    @pytest.fixture
    def store(self, under_test: StoreUnderTest) -> Store:
        return under_test.open_migrated(records=KIT_RECORDS)

    @pytest.fixture
    def other_store(self, under_test: StoreUnderTest, store: Store) -> Store:
        return under_test.open(records=KIT_RECORDS)


def book(factory: Factory, **values: Any) -> Book:
    """Return a book that is not stored, with a unique ISBN."""
    new_id = factory.new_id()
    given = {"library": "central", "title": "t", "bought_at": START, "isbn": f"isbn {new_id}", **values}
    return Book(id=new_id, **given)


def add(store: Store, record_type: RecordType[Any], *records: Any) -> None:
    with store.unit_of_work() as uow:
        for record in records:
            uow.records(record_type).add(record)
        uow.commit()


def get(store: Store, record_type: RecordType[Any], key: object) -> Any:
    with store.unit_of_work() as uow:
        return uow.records(record_type).get(key)


def find(store: Store, record_type: RecordType[Any], field: str, value: object) -> Any:
    with store.unit_of_work() as uow:
        return uow.records(record_type).find(field, value)


def change(store: Store, record_type: RecordType[Any], key: object, **values: object) -> None:
    with store.unit_of_work() as uow:
        found: Any = uow.records(record_type).get(key)
        uow.records(record_type).replace(replace(found, **values))
        uow.commit()


def remove(store: Store, record_type: RecordType[Any], key: object) -> None:
    with store.unit_of_work() as uow:
        uow.records(record_type).remove(uow.records(record_type).get(key))
        uow.commit()


def removed(store: Store, key: UUID) -> bool:
    """Remove a book, and tell whether it was there."""
    try:
        with store.unit_of_work() as uow:
            found = uow.records(BOOKS).get(key)
            if found is None:
                return False
            uow.records(BOOKS).remove(found)
            uow.commit()
    except StaleVersion:
        return False
    return True


def keys_of(store: Store, record_type: RecordType[Any]) -> Iterator[object]:
    """Yield the keys of all records of a type that has the look-up BY_ID."""
    with store.unit_of_work() as uow:
        for record in uow.records(record_type).page(BY_ID, limit=None):
            yield record_type.dump(record)[0]
