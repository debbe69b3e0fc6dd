from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from hexaccount.conformance.suites.contract_suite import StoreUnderTest
from hexaccount.conformance.suites.factory import START, Factory
from hexaccount.conformance.suites.kit_records import (
    BOOKS,
    LIBRARIES,
    LOANS,
    OF_LIBRARY,
    IsbnTaken,
    Library,
    LibraryExists,
    Loan,
    SignatureTaken,
)
from hexaccount.conformance.suites.kit_suite import KitSuite, add, book, change, find, get, keys_of, remove, removed
from hexaccount.conformance.suites.races import RacingThreads, check_one_winner, outcome, race
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.store import Store


class RecordRulesContract(KitSuite):
    """A commit stores all its records or none, and breaks no declared rule."""

    def test_the_first_declared_rule_names_the_error(self, store: Store, factory: Factory) -> None:
        add(store, BOOKS, book(factory, isbn="1"), book(factory, signature="s"))
        with pytest.raises(IsbnTaken):
            add(store, BOOKS, book(factory, isbn="1", signature="s"))
        with pytest.raises(SignatureTaken):
            add(store, BOOKS, book(factory, isbn="2", signature="s"))
        add(store, BOOKS, book(factory, isbn="2", signature="t"))

    def test_the_first_declared_rule_names_the_error_whichever_record_breaks_it(
        self, store: Store, factory: Factory
    ) -> None:
        add(store, BOOKS, book(factory, isbn="1", signature="s"))
        same_signature, same_isbn = book(factory, signature="s"), book(factory, isbn="1")
        for order in ([same_signature, same_isbn], [same_isbn, same_signature]):
            with pytest.raises(IsbnTaken):
                add(store, BOOKS, *order)

    def test_a_taken_key_is_refused_as_declared_else_as_stale(self, store: Store, factory: Factory) -> None:
        stored, library = book(factory), Library(code="central", title="t")
        add(store, BOOKS, stored)
        add(store, LIBRARIES, library)
        with pytest.raises(StaleVersion) as caught:
            add(store, BOOKS, replace(stored, isbn="another"))
        assert (caught.value.kind, caught.value.key) == ("book", stored.id)
        with pytest.raises(LibraryExists):
            add(store, LIBRARIES, library)

    def test_any_number_of_records_may_lack_a_unique_value(self, store: Store, factory: Factory) -> None:
        books = [book(factory, signature=None) for _ in range(3)]
        add(store, BOOKS, *books)
        assert [get(store, BOOKS, each.id) for each in books] == books

    def test_two_records_of_one_commit_cannot_share_a_unique_value(self, store: Store, factory: Factory) -> None:
        first, second = book(factory, signature="s"), book(factory, signature="s")
        with pytest.raises(SignatureTaken):
            add(store, BOOKS, first, second)
        assert get(store, BOOKS, first.id) is get(store, BOOKS, second.id) is None

    def test_a_change_cannot_take_the_value_of_another_record(self, store: Store, factory: Factory) -> None:
        first, second = book(factory, signature="s"), book(factory)
        add(store, BOOKS, first, second)
        with pytest.raises(SignatureTaken):
            change(store, BOOKS, second.id, signature="s")
        change(store, BOOKS, first.id, title="t")
        change(store, BOOKS, first.id, signature=None)
        change(store, BOOKS, second.id, signature="s")
        assert find(store, BOOKS, "signature", "s") == replace(second, signature="s")

    def test_a_value_is_free_after_the_commit_that_frees_it(self, store: Store, factory: Factory) -> None:
        first, second, third = book(factory, signature="s"), book(factory), book(factory, signature="t")
        add(store, BOOKS, first, second, third)
        freeing: dict[str, Any] = {
            "change": lambda records: records.replace(replace(first, signature=None)),
            "remove": lambda records: records.remove(first),
            "exchange": lambda records: records.replace(replace(first, signature="t")),
        }
        for free in freeing.values():
            for taker in (second, third):
                with store.unit_of_work() as uow:
                    records = uow.records(BOOKS)
                    records.prefetch([each.id for each in (first, second, third)])
                    free(records)
                    records.replace(replace(taker, signature="s"))
                    with pytest.raises(SignatureTaken):
                        uow.commit()
        assert [get(store, BOOKS, each.id) for each in (first, second, third)] == [first, second, third]

    def test_a_record_is_added_once(self, store: Store, factory: Factory) -> None:
        first, library = book(factory), Library(code="central", title="t")
        with store.unit_of_work() as uow:
            uow.records(BOOKS).add(first)
            uow.records(LIBRARIES).add(library)
            with pytest.raises(StaleVersion):
                uow.records(BOOKS).add(replace(first, title="second"))
            with pytest.raises(LibraryExists):
                uow.records(LIBRARIES).add(library)
            uow.commit()
        assert get(store, BOOKS, first.id) == first

    def test_a_removed_record_frees_its_key_and_its_values(self, store: Store, factory: Factory) -> None:
        stored = book(factory, signature="s")
        add(store, BOOKS, stored)
        remove(store, BOOKS, stored.id)
        assert get(store, BOOKS, stored.id) is find(store, BOOKS, "signature", "s") is None
        add(store, BOOKS, stored)
        assert get(store, BOOKS, stored.id) == stored

    def test_a_change_is_stored_by_the_commit_and_with_all_others_of_it(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        changed, removed, new = book(factory), book(factory), book(factory)
        add(store, BOOKS, changed, removed)
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            assert records.get(changed.id)
            assert records.get(removed.id)
            records.replace(replace(changed, pages=7))
            records.remove(removed)
            records.add(new)
            uow.records(LIBRARIES).add(Library(code="central", title="t"))
            assert records.get(removed.id) is None
            assert get(other_store, BOOKS, changed.id) == changed
            assert get(other_store, BOOKS, removed.id) == removed
            uow.commit()
        assert get(other_store, BOOKS, changed.id) == replace(changed, pages=7)
        assert [get(other_store, BOOKS, each.id) for each in (removed, new)] == [None, new]
        assert get(other_store, LIBRARIES, "central") is not None

    @pytest.mark.parametrize("refused", ["library", "book", "loan"])
    def test_a_refused_commit_stores_nothing_of_any_type(self, store: Store, factory: Factory, refused: str) -> None:
        stored = book(factory, isbn="1")
        loan = Loan(id=factory.new_id(), book=stored.id, reader="ann")
        add(store, LIBRARIES, Library(code="central", title="t"))
        add(store, BOOKS, stored)
        add(store, LOANS, loan)
        before = [list(keys_of(store, kind)) for kind in (LIBRARIES, BOOKS, LOANS)]
        with store.unit_of_work() as uow:
            uow.records(LIBRARIES).add(Library(code="central" if refused == "library" else "another", title="t"))
            uow.records(BOOKS).add(book(factory, isbn="1" if refused == "book" else "2"))
            uow.records(LOANS).add(replace(loan, id=loan.id if refused == "loan" else factory.new_id()))
            with pytest.raises((LibraryExists, IsbnTaken, StaleVersion)):
                uow.commit()
        assert [list(keys_of(store, kind)) for kind in (LIBRARIES, BOOKS, LOANS)] == before

    def test_without_a_commit_nothing_is_stored(self, store: Store, factory: Factory) -> None:
        stored, new = book(factory), book(factory)
        add(store, BOOKS, stored)
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            records.add(new)
            records.get(stored.id)
            records.remove(stored)
        assert [get(store, BOOKS, each.id) for each in (stored, new)] == [stored, None]

    @pytest.mark.parametrize("second", ["change", "remove"])
    @pytest.mark.parametrize("first", ["change", "remove"])
    def test_what_was_changed_or_removed_since_it_was_read_is_stale(
        self, store: Store, other_store: Store, factory: Factory, first: str, second: str
    ) -> None:
        stored, beside = book(factory), book(factory)
        add(store, BOOKS, stored)
        acts: dict[str, Any] = {"change": partial(change, title="first"), "remove": remove}
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            assert records.get(stored.id)
            acts[first](other_store, BOOKS, stored.id)
            records.add(beside)
            if second == "change":
                records.replace(replace(stored, title="second"))
            else:
                records.remove(stored)
            with pytest.raises(StaleVersion) as caught:
                uow.commit()
        assert (caught.value.kind, caught.value.key) == ("book", stored.id)
        assert get(store, BOOKS, stored.id) == (replace(stored, title="first") if first == "change" else None)
        assert get(store, BOOKS, beside.id) is None

    def test_a_change_back_to_what_was_read_is_noticed(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        stored = book(factory, title="a")
        add(store, BOOKS, stored)
        with store.unit_of_work() as uow:
            assert uow.records(BOOKS).get(stored.id)
            change(other_store, BOOKS, stored.id, title="b")
            change(other_store, BOOKS, stored.id, title="a")
            uow.records(BOOKS).replace(replace(stored, title="c"))
            with pytest.raises(StaleVersion):
                uow.commit()

    def test_a_record_is_not_taken_for_an_equal_one_that_had_its_key_before(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        stored = book(factory)
        add(store, BOOKS, stored)
        with store.unit_of_work() as uow:
            assert uow.records(BOOKS).get(stored.id)
            remove(other_store, BOOKS, stored.id)
            add(other_store, BOOKS, stored)
            uow.records(BOOKS).replace(replace(stored, title="c"))
            with pytest.raises(StaleVersion):
                uow.commit()
        assert get(store, BOOKS, stored.id) == stored

    def test_a_record_can_take_the_place_of_one_that_its_commit_removes(self, store: Store, factory: Factory) -> None:
        stored = book(factory, signature="s", title="a")
        add(store, BOOKS, stored)
        successor = replace(stored, title="b", pages=7)
        with store.unit_of_work() as uow:
            uow.records(BOOKS).remove(stored)
            uow.records(BOOKS).add(successor)
            uow.commit()
        assert get(store, BOOKS, stored.id) == find(store, BOOKS, "signature", "s") == successor

    @pytest.mark.parametrize("reading", ["get", "find", "page", "prefetch", "with_references"])
    def test_a_record_can_be_changed_however_it_was_read(self, store: Store, factory: Factory, reading: str) -> None:
        stored, library = book(factory, title="a"), Library(code="central", title="a")
        add(store, BOOKS, stored)
        add(store, LIBRARIES, library)
        change(store, LIBRARIES, "central", title="b")
        for title in ("b", "c"):
            with store.unit_of_work() as uow:
                books, libraries = uow.records(BOOKS), uow.records(LIBRARIES)
                read: dict[str, Any] = {
                    "get": partial(books.get, stored.id),
                    "find": partial(books.find, "isbn", stored.isbn),
                    "page": partial(books.page, OF_LIBRARY, limit=1, library="central"),
                    "prefetch": partial(books.prefetch, [stored.id]),
                    "with_references": partial(books.with_references, stored.id),
                }
                read[reading]()
                books.replace(replace(stored, title=title))
                libraries.replace(replace(library, title=title * 2))
                uow.commit()
        assert get(store, BOOKS, stored.id) == replace(stored, title="c")
        assert get(store, LIBRARIES, "central") == replace(library, title="cc")

    def test_changes_of_other_records_do_not_make_a_commit_stale(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        stored, another = book(factory), book(factory)
        add(store, BOOKS, stored, another)
        with store.unit_of_work() as uow:
            assert uow.records(BOOKS).get(stored.id)
            assert uow.records(BOOKS).get(another.id)
            change(other_store, BOOKS, another.id, title="b")
            uow.records(BOOKS).replace(replace(stored, title="c"))
            uow.commit()
        assert get(store, BOOKS, stored.id) == replace(stored, title="c")

    def test_no_update_of_racing_threads_is_lost(self, store: Store, other_store: Store, factory: Factory) -> None:
        stored = book(factory, pages=0)
        add(store, BOOKS, stored)

        @repeat_when_stale
        def count(handle: Store) -> None:
            with handle.unit_of_work() as uow:
                found = uow.records(BOOKS).get(stored.id)
                assert found
                uow.records(BOOKS).replace(replace(found, pages=found.pages + 1))
                uow.commit()

        def count_often(handle: Store) -> None:
            for _ in range(5):
                count(handle)

        race(*(partial(count_often, handle) for handle in (store, other_store) for _ in range(4)))
        found = get(store, BOOKS, stored.id)
        assert found
        assert found.pages == 40

    def test_one_of_racing_threads_gets_a_contested_value(
        self, under_test: StoreUnderTest, store: Store, other_store: Store, factory: Factory
    ) -> None:
        with RacingThreads(16) as threads:
            for number in range(under_test.rounds):
                books = [book(factory, signature=f"s{number}") for _ in range(16)]
                handles = [store, other_store] * 8
                racing = [
                    partial(outcome, partial(add, handle, BOOKS, each), SignatureTaken)
                    for handle, each in zip(handles, books, strict=True)
                ]
                check_one_winner(threads.race(racing), SignatureTaken)

    def test_one_of_racing_threads_removes_a_record(self, store: Store, other_store: Store, factory: Factory) -> None:
        for _ in range(5):
            stored = book(factory)
            add(store, BOOKS, stored)
            outcomes = race(*(partial(removed, handle, stored.id) for handle in (store, other_store) for _ in range(4)))
            assert sorted(outcomes) == [False] * 7 + [True]

    def test_records_add_no_event_and_no_delivery(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe("kit", ["*"])
        stored = book(factory)
        add(store, BOOKS, stored)
        change(store, BOOKS, stored.id, title="t")
        claimed = store.outbox.claim(
            "kit", limit=9, now=START + timedelta(days=999), lease=timedelta(seconds=1)
        ).deliveries
        assert list(claimed) == []

    def test_many_records_are_added_and_removed_by_one_commit(self, store: Store, factory: Factory) -> None:
        books = [book(factory, library="a") for _ in range(250)]
        add(store, BOOKS, *books)
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            found = records.page(OF_LIBRARY, limit=None, library="a")
            assert found == books
            for each in found:
                records.remove(each)
            uow.commit()
        assert list(keys_of(store, BOOKS)) == []
