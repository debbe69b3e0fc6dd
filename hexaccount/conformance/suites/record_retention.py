from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from hexaccount.conformance.suites.factory import START, Factory
from hexaccount.conformance.suites.kit_records import (
    BOOKS,
    CLOSED,
    DISCARDED,
    LIBRARIES,
    LOANS,
    LOANS_OF_DISCARDED,
    PINS,
    Library,
    Loan,
)
from hexaccount.conformance.suites.kit_suite import KitSuite, add, book, change, find, get, keys_of
from hexaccount.conformance.suites.races import race
from hexaccount.kernel.records import Expiry
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.store import Store

MILLISECOND = timedelta(milliseconds=1)
PAST = START - MILLISECOND


class RecordRetentionContract(KitSuite):
    """What has expired is removed in batches, by the declarations of record types."""

    def test_what_has_ended_before_the_moment_is_removed(self, store: Store, other_store: Store) -> None:
        ends = {"past": PAST, "now": START, "future": START + MILLISECOND, "open": None}
        add(store, LIBRARIES, *(Library(code=code, title="t", closed_at=end) for code, end in ends.items()))
        assert remove(other_store, CLOSED) == 1
        assert set(keys_of(store, LIBRARIES)) == {"now", "future", "open"}
        assert remove(store, CLOSED) == 0

    def test_batches_are_bounded_and_leave_nothing(self, store: Store) -> None:
        add(store, LIBRARIES, *(Library(code=f"{number}", title="t", closed_at=PAST) for number in range(10)))
        assert [remove(store, CLOSED, limit=4) for _ in range(4)] == [4, 4, 2, 0]

    @pytest.mark.parametrize("end", ["discarded_at", "lent_until"])
    def test_either_end_is_enough(self, store: Store, factory: Factory, end: str) -> None:
        ended, other = book(factory, **{end: PAST}), book(factory, **{end: START})
        add(store, BOOKS, ended, other)
        assert remove(store, DISCARDED) == 1
        assert list(keys_of(store, BOOKS)) == [other.id]

    def test_what_has_ended_twice_is_removed_once(self, store: Store, factory: Factory) -> None:
        add(store, BOOKS, *(book(factory, discarded_at=PAST, lent_until=PAST) for _ in range(3)))
        assert [remove(store, DISCARDED, limit=2) for _ in range(3)] == [2, 1, 0]

    def test_a_record_stays_while_another_refers_to_it(self, store: Store, factory: Factory) -> None:
        ended, live = book(factory, discarded_at=PAST), book(factory)
        loans = [Loan(id=factory.new_id(), book=each.id, reader="ann") for each in (live, ended, ended)]
        add(store, BOOKS, ended, live)
        add(store, LOANS, *loans)
        assert remove(store, DISCARDED) == 0
        assert [remove(store, LOANS_OF_DISCARDED, limit=1) for _ in range(3)] == [1, 1, 0]
        assert list(keys_of(store, LOANS)) == [loans[0].id]
        assert remove(store, DISCARDED) == 1
        assert list(keys_of(store, BOOKS)) == [live.id]

    def test_a_record_whose_reference_is_missing_does_not_expire_with_it(self, store: Store, factory: Factory) -> None:
        ended = book(factory, discarded_at=PAST)
        lost, loan = (Loan(id=factory.new_id(), book=each, reader="ann") for each in (factory.new_id(), ended.id))
        add(store, BOOKS, ended)
        add(store, LOANS, lost, loan)
        assert [remove(store, LOANS_OF_DISCARDED) for _ in range(2)] == [1, 0]
        assert list(keys_of(store, LOANS)) == [lost.id]

    def test_only_the_secret_is_erased(self, store: Store, factory: Factory) -> None:
        old = [book(factory, bought_at=PAST, pin=f"{number}") for number in range(3)]
        young, bare = book(factory, bought_at=START, pin="9"), book(factory, bought_at=PAST)
        add(store, BOOKS, *old, young, bare)
        assert [remove(store, PINS, limit=2) for _ in range(3)] == [2, 1, 0]
        assert [get(store, BOOKS, each.id) for each in old] == [replace(each, pin=None) for each in old]
        assert [get(store, BOOKS, each.id) for each in (young, bare)] == [young, bare]

    def test_erasing_makes_an_earlier_reading_stale(self, store: Store, other_store: Store, factory: Factory) -> None:
        stored = book(factory, bought_at=PAST, pin="9")
        add(store, BOOKS, stored)
        with store.unit_of_work() as uow:
            assert uow.records(BOOKS).get(stored.id)
            remove(other_store, PINS)
            uow.records(BOOKS).replace(replace(stored, title="changed"))
            with pytest.raises(StaleVersion):
                uow.commit()

    def test_what_was_prolonged_stays(self, store: Store, factory: Factory) -> None:
        stored = book(factory, lent_until=PAST)
        add(store, BOOKS, stored)
        change(store, BOOKS, stored.id, lent_until=START)
        assert remove(store, DISCARDED) == 0

    def test_what_was_removed_has_freed_its_key_and_its_values(self, store: Store, factory: Factory) -> None:
        ended = [book(factory, discarded_at=PAST, isbn=f"{number}", signature=f"{number}") for number in range(3)]
        add(store, BOOKS, *ended)
        assert remove(store, DISCARDED) == 3
        assert find(store, BOOKS, "isbn", "1") is find(store, BOOKS, "signature", "1") is None
        add(store, BOOKS, *ended)
        assert find(store, BOOKS, "isbn", "1") == find(store, BOOKS, "signature", "1") == ended[1]

    def test_racing_removals_count_each_record_once(self, store: Store, other_store: Store) -> None:
        add(store, LIBRARIES, *(Library(code=f"{number}", title="t", closed_at=PAST) for number in range(60)))
        handles = [store, other_store] * 3
        counts = race(*(partial(remove_all, handle) for handle in handles))
        assert sum(counts) == 60
        assert list(keys_of(store, LIBRARIES)) == []


def remove(store: Store, expiry: Expiry, limit: int = 100) -> int:
    return store.retention_store.remove(expiry, before=START, limit=limit)


def remove_all(store: Store) -> Any:
    """Remove in batches until nothing is left, and return how many."""
    total = 0
    while count := remove(store, CLOSED, limit=7):
        total += count
    return total
