from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from hexaccount.conformance.suites.factory import START, Factory
from hexaccount.conformance.suites.kit_records import (
    BOOKS,
    BY_ID,
    IN_STOCK,
    LATER_EDITIONS,
    LENT_BEYOND,
    LIBRARIES,
    LOANS,
    NEWEST_OF_LIBRARY,
    OF_LIBRARY,
    SHELVES,
    Book,
    IsbnTaken,
    Library,
    Loan,
    Shelf,
)
from hexaccount.conformance.suites.kit_suite import KitSuite, add, book, find, get
from hexaccount.conformance.suites.texts import ADVERSARIAL, DISTINCT_NAMES, EQUIVALENT_NAMES
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.store import Store

HOUR = timedelta(hours=1)
LOWEST, HIGHEST = -(2**31), 2**31 - 1
VALUES: dict[str, dict[str, object]] = {
    "defaults": {},
    "every field": {
        "subtitle": "b", "edition": 7, "lent": True, "damaged": False, "lent_until": START, "discarded_at": START,
        "authors": ("Ada", "Grace"), "languages": ("fa", "en"), "series": UUID(int=1), "signature": "A 1", "pin": "9",
    },
    "empty": {"title": "", "subtitle": "", "authors": (), "languages": (), "signature": "", "pin": ""},
    "lowest": {"pages": LOWEST, "edition": LOWEST, "bought_at": START - 9**6 * HOUR, "series": UUID(int=0)},
    "highest": {
        "pages": HIGHEST, "edition": HIGHEST, "bought_at": datetime(2261, 4, 11, 23, 47, 16, 854_000, tzinfo=UTC),
        "series": UUID(int=2**128 - 1),
    },
    "zeros": {"pages": 0, "edition": 0, "damaged": False},
    "texts in a tuple": {"authors": ("", " ", "a,b", 'a"b', "a\\b", "{}", "NULL", "null", "[1]", "\u0665", "x" * 5000)},
    "one of each": {"authors": ("a",), "languages": ("a", "a")},
}  # fmt: skip


# Equivalent are such names for accounts only.
DISTINCT_TEXTS = {**DISTINCT_NAMES, **EQUIVALENT_NAMES}


class RecordsContract(KitSuite):
    """Records of any declared type are stored exactly, and found by their declared look-ups alone."""

    @pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
    def test_every_type_of_field_is_read_as_it_was_written(
        self, store: Store, other_store: Store, factory: Factory, values: dict[str, object]
    ) -> None:
        stored = book(factory, **values)
        add(store, BOOKS, stored)
        found = get(other_store, BOOKS, stored.id)
        assert found == stored
        assert [type(each) for each in BOOKS.dump(found)] == [type(each) for each in BOOKS.dump(stored)]

    @pytest.mark.parametrize("text", ADVERSARIAL.values(), ids=ADVERSARIAL)
    def test_texts_are_read_as_they_were_written(self, store: Store, factory: Factory, text: str) -> None:
        stored = book(factory, title=text, subtitle=text, authors=(text, text), isbn=text, signature=text, pin=text)
        add(store, BOOKS, stored)
        add(store, LIBRARIES, Library(code=text, title=text))
        assert get(store, BOOKS, stored.id) == find(store, BOOKS, "signature", text) == stored
        assert get(store, LIBRARIES, text) == Library(code=text, title=text)

    def test_what_is_not_stored_is_not_found(self, store: Store, factory: Factory) -> None:
        add(store, BOOKS, book(factory, signature="A 1"))
        assert get(store, BOOKS, factory.new_id()) is None
        assert get(store, LIBRARIES, "central") is None
        assert find(store, BOOKS, "isbn", "A 1") is None
        with store.unit_of_work() as uow:
            assert uow.records(BOOKS).with_references(factory.new_id()) is None
            assert uow.records(LOANS).page(BY_ID, limit=9) == []

    @pytest.mark.parametrize("pair", DISTINCT_TEXTS.values(), ids=DISTINCT_TEXTS)
    def test_keys_and_unique_fields_are_compared_exactly(
        self, store: Store, factory: Factory, pair: tuple[str, str]
    ) -> None:
        first, second = (book(factory, isbn=text, signature=text) for text in pair)
        add(store, BOOKS, first, second)
        add(store, LIBRARIES, *(Library(code=text, title="t") for text in pair))
        assert [find(store, BOOKS, "isbn", text) for text in pair] == [first, second]
        assert [get(store, LIBRARIES, text) for text in pair] == [Library(code=text, title="t") for text in pair]
        for almost in (pair[0].upper() + "x", f" {pair[0]}", f"{pair[0]} ", ""):
            assert find(store, BOOKS, "signature", almost) is None

    def test_long_keys_are_not_cut_to_a_common_prefix(self, store: Store, factory: Factory) -> None:
        prefix = "x" * 300
        books = [book(factory, isbn=f"{prefix}{end}") for end in "ab"]
        add(store, BOOKS, *books)
        add(store, LIBRARIES, *(Library(code=f"{prefix}{end}", title=end) for end in "ab"))
        assert [find(store, BOOKS, "isbn", f"{prefix}{end}") for end in "ab"] == books
        assert get(store, LIBRARIES, f"{prefix}b") == Library(code=f"{prefix}b", title="b")
        assert get(store, LIBRARIES, prefix) is None

    def test_a_page_has_the_records_of_its_look_up_in_the_order_of_keys(self, store: Store, factory: Factory) -> None:
        books = [book(factory, library="ab"[number % 2]) for number in range(10)]
        add(store, BOOKS, *reversed(books))
        mine = [each for each in books if each.library == "a"]
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            assert records.page(OF_LIBRARY, limit=9, library="a") == mine
            assert records.page(OF_LIBRARY, limit=2, library="a") == mine[:2]
            assert records.page(OF_LIBRARY, limit=2, after=mine[1].id, library="a") == mine[2:4]
            assert records.page(OF_LIBRARY, limit=None, library="a") == mine
            assert records.page(NEWEST_OF_LIBRARY, limit=9, library="a") == mine[::-1]
            assert records.page(NEWEST_OF_LIBRARY, limit=2, after=mine[3].id, library="a") == [mine[2], mine[1]]
            assert records.page(OF_LIBRARY, limit=9, library="A") == []
            assert records.page(BY_ID, limit=None) == books

    def test_keys_that_are_numbers_are_in_their_order(self, store: Store) -> None:
        numbers = [LOWEST, -10, -9, 0, 9, 10, 100, HIGHEST]
        add(store, SHELVES, *(Shelf(number=number) for number in sorted(numbers, key=str)))
        found: list[Shelf] = []
        with store.unit_of_work() as uow:
            while page := uow.records(SHELVES).page(BY_ID, limit=3, after=found[-1].number if found else None):
                found += page
        assert [each.number for each in found] == numbers
        assert get(store, SHELVES, -9) == Shelf(number=-9)

    def test_a_limit_counts_only_what_matches(self, store: Store, factory: Factory) -> None:
        others: list[dict[str, object]] = [
            {"lent": True},
            {"subtitle": "s"},
            {"pages": 5},
            {"pages": 4},
            {"library": "b"},
        ]
        wanted: list[Book] = []
        for number in range(25):
            add(store, BOOKS, book(factory, **{"library": "a", "pages": 6, **others[number % 5]}))
            if number % 5 == 0:
                wanted.append(book(factory, library="a", pages=6 + number))
                add(store, BOOKS, wanted[-1])
        found: list[Book] = []
        with store.unit_of_work() as uow:
            while page := uow.records(BOOKS).page(
                IN_STOCK,
                limit=2,
                after=found[-1].id if found else None,
                library="a",
                lent=False,
                subtitle=None,
                pages=5,
            ):
                found += page
        assert found == wanted

    def test_a_record_without_a_value_is_above_none(self, store: Store, factory: Factory) -> None:
        values = [None, LOWEST, -1, 0, 1, HIGHEST]
        books = [book(factory, library="a", edition=value) for value in values]
        moments = [None, START - HOUR, START, START + timedelta(milliseconds=1)]
        lent = [book(factory, library="b", lent_until=moment) for moment in moments]
        add(store, BOOKS, *books, *lent)
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            found = {
                least: records.page(LATER_EDITIONS, limit=9, library="a", edition=least)
                for least in (LOWEST, -1, 0, HIGHEST)
            }
            assert found == {LOWEST: books[:1:-1], -1: books[:2:-1], 0: books[:3:-1], HIGHEST: []}
            assert records.page(LENT_BEYOND, limit=9, library="b", lent_until=START - HOUR) == lent[2:]
            assert records.page(LENT_BEYOND, limit=9, library="b", lent_until=START) == lent[3:]
            assert records.page(LENT_BEYOND, limit=9, library="a", lent_until=START - HOUR) == []

    def test_a_record_comes_with_those_that_it_refers_to(self, store: Store, factory: Factory) -> None:
        library, stored = Library(code="central", title="Central"), book(factory, library="central")
        loan = Loan(id=factory.new_id(), book=stored.id, reader="ann")
        homeless = book(factory, library="nowhere")
        add(store, LIBRARIES, library)
        add(store, BOOKS, stored, homeless)
        add(store, LOANS, loan, Loan(id=factory.new_id(), book=homeless.id, reader="berta"))
        with store.unit_of_work() as uow:
            found = uow.records(LOANS).with_references(loan.id)
            assert found == (loan, stored, library)
            assert found[1] is uow.records(BOOKS).get(stored.id)
            assert uow.records(BOOKS).with_references(stored.id) == (stored, library)
            assert uow.records(LIBRARIES).with_references("central") == (library,)
            assert uow.records(BOOKS).with_references(homeless.id) is None

    def test_a_record_is_one_object_within_a_unit_of_work(self, store: Store, factory: Factory) -> None:
        stored = book(factory, library="a")
        add(store, BOOKS, stored)
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            first = records.get(stored.id)
            assert first is records.find("isbn", stored.isbn) is records.page(OF_LIBRARY, limit=1, library="a")[0]
            changed = replace(stored, title="changed")
            records.replace(changed)
            assert records.get(stored.id) is records.find("isbn", stored.isbn) is changed
        assert get(store, BOOKS, stored.id) == stored

    def test_prefetched_records_are_known_and_so_are_those_that_are_missing(
        self, store: Store, factory: Factory
    ) -> None:
        stored, absent = book(factory), book(factory)
        add(store, BOOKS, stored)
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            records.prefetch([stored.id, absent.id])
            add(store, BOOKS, absent)
            assert records.get(stored.id) == stored
            assert records.get(absent.id) is None
            records.add(absent)
            with pytest.raises(StaleVersion):
                uow.commit()

    def test_any_number_of_records_is_prefetched(self, store: Store, factory: Factory) -> None:
        books = [book(factory) for _ in range(250)]
        add(store, BOOKS, *books)
        with store.unit_of_work() as uow:
            records = uow.records(BOOKS)
            records.prefetch([each.id for each in books])
            assert [records.get(each.id) for each in books] == books

    def test_a_secret_is_in_no_error(self, store: Store, factory: Factory) -> None:
        add(store, BOOKS, book(factory, isbn="1", pin="the secret pin"))
        with pytest.raises(IsbnTaken) as caught:
            add(store, BOOKS, book(factory, isbn="1", pin="the secret pin"))
        error: BaseException | None = caught.value
        while error is not None:
            assert "the secret pin" not in f"{error!s}{error!r}{error.args}"
            error = error.__cause__ or error.__context__
