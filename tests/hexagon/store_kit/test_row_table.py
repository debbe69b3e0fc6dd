"""Rows in memory: what stores that hold all of them share."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pytest

from hexaccount.kernel.records import Expiry, LookUp, RecordType, Reference
from hexaccount.store_kit.row_table import RowTable, expired, with_references
from hexaccount.store_kit.transaction import StoredRow
from tests.hexagon.store_kit.seats import SEATS, Seat

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PAST, FUTURE = NOON - timedelta(milliseconds=1), NOON + timedelta(milliseconds=1)
IN_ROOM = LookUp(equal=("room", "label"))
NUMBERED = LookUp(above="number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hall:
    """A record to which others refer."""

    name: str
    closed_at: datetime | None = None
    razed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """A record of a hall, with a moment and two secrets of its own."""

    number: int
    hall: str
    ended_at: datetime | None = None
    code: str | None = field(default=None, repr=False)
    pin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A record of a show."""

    number: int
    show: int


HALLS = RecordType.of(Hall, "halls", kind="hall")
SHOWS = RecordType.of(Show, "shows", kind="show", reference=Reference("hall", HALLS))
TICKETS = RecordType.of(Ticket, "tickets", kind="ticket", reference=Reference("show", SHOWS))

OF_ENDED_HALLS = Expiry(kind="shows", record_type=SHOWS, ends=("closed_at", "razed_at"), of_reference=True)
WITHOUT_TICKETS = Expiry(kind="shows", record_type=SHOWS, ends=("ended_at",), unless_referred_by=TICKETS)
CODES = Expiry(kind="codes", record_type=SHOWS, ends=("ended_at",), erases="code")


class Kept:
    """The tables of a store."""

    def __init__(self, *records: Any) -> None:
        self.tables: dict[RecordType[Any], RowTable] = {}
        for record in records:
            kind = next(each for each in (HALLS, SHOWS, TICKETS) if isinstance(record, TYPES[each]))
            put(self.table(kind), record, revision=3)

    def table(self, record_type: RecordType[Any]) -> RowTable:
        return self.tables.setdefault(record_type, RowTable(record_type))

    def expired(self, expiry: Expiry, before: datetime = NOON) -> dict[Any, StoredRow | None]:
        return dict(expired(self.table, expiry, before))


TYPES: dict[RecordType[Any], type[Any]] = {HALLS: Hall, SHOWS: Show, TICKETS: Ticket}


def two_seats() -> RowTable:
    table = RowTable(SEATS)
    for seat in (Seat(number=1, label="a", code="1"), Seat(number=2, label="b")):
        put(table, seat)
    return table


@pytest.fixture
def seats() -> RowTable:
    """Give a table of two seats."""
    return two_seats()


def put(table: RowTable, record: Any, *, revision: int = 1) -> None:
    values = table.record_type.dump(record)
    table.put(values[0], StoredRow(values, revision))


def numbers(rows: list[StoredRow]) -> list[int]:
    return [row.values[0] for row in rows]


def orders(*changes: tuple[int, Seat | None]) -> Iterator[RowTable]:
    """Yield the table of seats after these changes, in each of their orders."""
    for order in permutations(changes):
        table = two_seats()
        for key, seat in order:
            table.put(key, None if seat is None else StoredRow(SEATS.dump(seat), 2))
        yield table


def test_rows_are_found_by_their_keys_and_unique_values(seats: RowTable) -> None:
    assert numbers(seats.find("number", [2, 7, 1])) == [2, 1]
    assert numbers(seats.find("label", ["b", "c", "a"])) == [2, 1]
    assert numbers(seats.find("code", ["1", "2"])) == [1]
    assert seats.find("label", []) == seats.find("number", []) == seats.find("label", ["A"]) == []


def test_no_value_is_not_a_value_to_be_found_by(seats: RowTable) -> None:
    assert seats.find("code", [None]) == []
    put(seats, Seat(number=1))
    assert seats.find("label", [None]) == seats.find("code", [None]) == []


def test_a_row_takes_the_place_of_the_one_with_its_key(seats: RowTable) -> None:
    put(seats, Seat(number=1, label="c"), revision=2)
    assert seats.find("number", [1]) == seats.find("label", ["c"]) == [StoredRow((1, "c", None, "hall"), 2)]
    assert seats.find("label", ["a"]) == seats.find("code", ["1"]) == []
    put(seats, Seat(number=1, label="c", room="attic"), revision=3)
    assert seats.find("label", ["c"]) == [StoredRow((1, "c", None, "attic"), 3)]


def test_a_removed_row_frees_its_values_and_may_be_missing(seats: RowTable) -> None:
    seats.put(1, None)
    seats.put(1, None)
    seats.put(9, None)
    assert seats.find("number", [1]) == seats.find("label", ["a"]) == seats.find("code", ["1"]) == []
    assert numbers(seats.find("label", ["b"])) == [2]


def test_a_unique_value_moves_from_a_changed_row_in_either_order() -> None:
    for table in orders((1, Seat(number=1, label="c", code="3")), (2, Seat(number=2, label="a", code="1"))):
        assert [numbers(table.find("label", [label])) for label in "abc"] == [[2], [], [1]]
        assert [numbers(table.find("code", [code])) for code in "123"] == [[2], [], [1]]


def test_a_unique_value_moves_from_a_row_that_loses_it_in_either_order() -> None:
    for table in orders((1, Seat(number=1)), (2, Seat(number=2, label="a", code="1"))):
        assert [numbers(table.find("label", [label])) for label in "ab"] == [[2], []]
        assert numbers(table.find("code", ["1"])) == [2]


def test_a_unique_value_moves_from_a_removed_row_in_either_order() -> None:
    for table in orders((1, None), (3, Seat(number=3, label="a", code="1"))):
        assert [numbers(table.find("label", [label])) for label in "ab"] == [[3], [2]]
        assert numbers(table.find("code", ["1"])) == [3]


def test_two_rows_exchange_their_unique_values_in_either_order() -> None:
    for table in orders((1, Seat(number=1, label="b")), (2, Seat(number=2, label="a", code="1"))):
        assert [numbers(table.find("label", [label])) for label in "ab"] == [[2], [1]]
        assert numbers(table.find("code", ["1"])) == [2]


def test_three_rows_pass_their_unique_values_on_in_any_order() -> None:
    first = (1, Seat(number=1, label="b"))
    for table in orders(first, (2, Seat(number=2, label="c")), (3, Seat(number=3, label="a"))):
        assert [numbers(table.find("label", [label])) for label in "abc"] == [[3], [1], [2]]


def test_a_page_has_the_rows_of_a_look_up_in_the_order_of_keys() -> None:
    table = RowTable(SEATS)
    for number in (5, 3, 1, 4, 2):
        put(table, Seat(number=number, label="x" if number == 4 else None, room="hall" if number != 3 else "attic"))

    def page(look_up: LookUp, limit: int | None = None, after: int | None = None, **values: object) -> list[int]:
        return numbers(table.page(look_up, values, limit=limit, after=after))

    assert page(LookUp()) == [1, 2, 3, 4, 5]
    assert page(LookUp(descending=True)) == [5, 4, 3, 2, 1]
    assert page(LookUp(), limit=2, after=2) == [3, 4]
    assert page(LookUp(descending=True), limit=2, after=4) == [3, 2]
    assert page(LookUp(), limit=0) == page(LookUp(), after=5) == []
    assert page(IN_ROOM, limit=2, room="hall", label=None) == [1, 2]
    assert page(IN_ROOM, room="hall", label="x") == [4]
    assert page(NUMBERED, number=3) == [4, 5]
    assert page(NUMBERED, number=1, after=3) == [4, 5]


def test_a_page_leaves_out_rows_without_a_value_that_could_exceed_one() -> None:
    table = RowTable(SHOWS)
    for number, ended_at in enumerate((None, NOON, FUTURE, PAST, None), 1):
        put(table, Show(number=number, hall="east", ended_at=ended_at))
    found = table.page(LookUp(above="ended_at"), {"ended_at": PAST}, limit=None, after=None)
    assert numbers(found) == [2, 3]


def test_a_row_comes_with_those_that_it_refers_to() -> None:
    hall, show, ticket = Hall(name="east"), Show(number=1, hall="east"), Ticket(number=7, show=1)
    kept = Kept(hall, show, ticket)
    rows = [StoredRow(values, 3) for values in (TICKETS.dump(ticket), SHOWS.dump(show), HALLS.dump(hall))]
    assert with_references(kept.table, TICKETS, 7) == rows
    assert with_references(kept.table, SHOWS, 1) == rows[1:]
    assert with_references(kept.table, HALLS, "east") == rows[2:]


def test_a_row_whose_reference_is_missing_is_not_found_with_it() -> None:
    kept = Kept(Show(number=1, hall="east"), Ticket(number=7, show=1), Ticket(number=8, show=2))
    assert [with_references(kept.table, TICKETS, number) for number in (7, 8, 9)] == [None, None, None]
    assert with_references(kept.table, SHOWS, 1) is None


def test_a_row_has_expired_once_one_of_its_moments_has_passed() -> None:
    ends = {"past": PAST, "now": NOON, "future": FUTURE, "open": None}
    kept = Kept(*(Hall(name=name, closed_at=end) for name, end in ends.items()), Hall(name="razed", razed_at=PAST))
    one = Expiry(kind="halls", record_type=HALLS, ends=("closed_at",))
    either = Expiry(kind="halls", record_type=HALLS, ends=("closed_at", "razed_at"))
    assert kept.expired(one) == {"past": None}
    assert kept.expired(either) == {"past": None, "razed": None}
    assert kept.expired(one, FUTURE) == {"past": None, "now": None}


def test_a_row_that_has_expired_by_both_moments_is_named_once() -> None:
    kept = Kept(Hall(name="east", closed_at=PAST, razed_at=PAST))
    either = Expiry(kind="halls", record_type=HALLS, ends=("closed_at", "razed_at"))
    assert list(expired(kept.table, either, NOON)) == [("east", None)]


def test_a_row_expires_with_the_one_that_it_refers_to() -> None:
    kept = Kept(
        Hall(name="east", closed_at=PAST),
        Hall(name="west", razed_at=PAST),
        Hall(name="south", closed_at=NOON),
        *(Show(number=number, hall=hall) for number, hall in enumerate(("east", "west", "south", "east"), 1)),
        Show(number=9, hall="south", ended_at=PAST),
    )
    assert kept.expired(OF_ENDED_HALLS) == {1: None, 2: None, 4: None}


def test_a_row_stays_while_another_refers_to_it() -> None:
    kept = Kept(*(Show(number=number, hall="east", ended_at=PAST) for number in (1, 2, 3)), Ticket(number=7, show=2))
    assert kept.expired(WITHOUT_TICKETS) == {1: None, 3: None}


def test_only_a_secret_is_erased_and_the_revision_is_the_next() -> None:
    ended = Show(number=1, hall="east", ended_at=PAST, code="c", pin="p")
    empty = Show(number=2, hall="east", ended_at=PAST, code="")
    erased, live = Show(number=3, hall="east", ended_at=PAST, pin="p"), Show(number=4, hall="east", code="c")
    assert Kept(ended, empty, erased, live).expired(CODES) == {
        1: StoredRow((1, "east", PAST, None, "p"), 4),
        2: StoredRow((2, "east", PAST, None, None), 4),
    }


def test_a_row_whose_reference_is_missing_does_not_expire_with_it() -> None:
    kept = Kept(Hall(name="east", closed_at=PAST), Show(number=1, hall="nowhere"), Show(number=2, hall="east"))
    assert kept.expired(OF_ENDED_HALLS) == {2: None}
