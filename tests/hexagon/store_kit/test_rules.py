"""Which error a commit raises is decided in one order, whatever else it breaks."""

from collections.abc import Callable, Sequence
from itertools import permutations
from uuid import UUID

import pytest

from hexaccount.events.ports import AlreadyHandled
from hexaccount.kernel.records import RecordType, Unique
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit.rules import broken_rule, lost_race
from hexaccount.store_kit.transaction import Batch, RowChange
from hexaccount_memory.tables import Tables
from hexaccount_memory.transaction import MemoryTransaction
from tests.hexagon.store_kit.seats import UNIQUE, CodeTaken, LabelTaken, NumberTaken, Seat, change_to

HANDLED = ("subscriber", UUID(int=1))
FREE = Seat(number=9, label="i", code="9")

Broken = Callable[..., Exception | None]


@pytest.fixture
def transaction() -> MemoryTransaction:
    """Give the access to a store with two seats and an inbox row."""
    transaction = MemoryTransaction(Tables())
    seats = [Seat(number=1, label="a", code="1"), Seat(number=2, label="b", code="2")]
    transaction.write(Batch([change_to(seat) for seat in seats], [], [HANDLED]))
    return transaction


@pytest.fixture
def broken(transaction: MemoryTransaction) -> Broken:
    """Give a function that returns the error of a commit of these changes."""

    def error_of(*changes: RowChange, handled: Sequence[tuple[str, UUID]] = ()) -> Exception | None:
        return broken_rule(Batch(changes, [], handled), transaction)

    return error_of


def test_a_commit_that_breaks_no_rule_has_no_error(broken: Broken) -> None:
    assert broken() is None
    assert broken(change_to(FREE), handled=[("another", HANDLED[1]), ("subscriber", UUID(int=2))]) is None
    assert broken(change_to(Seat(number=1, label="a", code="new"), 1)) is None
    assert broken(change_to(Seat(number=2), 1, removed=True)) is None


@pytest.mark.parametrize("handled", [[HANDLED], [("other", HANDLED[1]), HANDLED], [("new", UUID(int=3))] * 2])
def test_the_inbox_comes_first(broken: Broken, handled: list[tuple[str, UUID]]) -> None:
    taken_and_stale = change_to(Seat(number=1, label="b", code="2"), 7)
    assert isinstance(broken(taken_and_stale, handled=handled), AlreadyHandled)


def test_uniqueness_comes_before_the_revisions_of_all_changes(broken: Broken) -> None:
    outdated, taken = change_to(Seat(number=2, label="c"), 7), change_to(Seat(number=9, code="1"))
    for order in permutations([outdated, taken, change_to(FREE)]):
        assert isinstance(broken(*order), CodeTaken)


@pytest.mark.parametrize(
    ("label", "code", "expected"),
    [
        ("a", "1", LabelTaken),
        ("a", "2", LabelTaken),
        ("b", "1", LabelTaken),
        ("a", "new", LabelTaken),
        ("new", "1", CodeTaken),
        (None, "1", CodeTaken),
    ],
)
def test_of_the_unique_fields_of_a_record_the_first_declared_names_the_error(
    broken: Broken, label: str, code: str, expected: type[Exception]
) -> None:
    assert isinstance(broken(change_to(Seat(number=9, label=label, code=code))), expected)


def test_of_the_rules_that_several_changes_break_the_first_declared_names_the_error(broken: Broken) -> None:
    by_code, by_label = change_to(Seat(number=8, code="1")), change_to(Seat(number=9, label="b"))
    changed = change_to(Seat(number=1, label="free", code="2"), 1)
    for order in permutations([by_code, by_label, changed]):
        assert isinstance(broken(*order), LabelTaken)
    for order in permutations([by_code, changed, change_to(FREE)]):
        assert isinstance(broken(*order), CodeTaken)


def test_of_the_changes_that_break_one_rule_the_first_names_the_error(transaction: MemoryTransaction) -> None:
    named = RecordType.of(Seat, "seats", kind="seat", unique=(Unique("label", lambda seat: LookupError(seat.number)),))
    transaction.write(Batch([change_to(Seat(number=1, label="a"), record_type=named)], [], []))
    for numbers in permutations([7, 8, 9]):
        changes = [change_to(Seat(number=number, label="a"), record_type=named) for number in numbers]
        error = broken_rule(Batch(changes, [], []), transaction)
        assert error
        assert error.args == numbers[:1]


def test_the_order_of_declaration_decides_and_not_that_of_the_fields(transaction: MemoryTransaction) -> None:
    reverse = RecordType.of(Seat, "seats", kind="seat", unique=UNIQUE[::-1])
    transaction.write(Batch([change_to(Seat(number=1, label="a", code="1"), record_type=reverse)], [], []))
    again = change_to(Seat(number=9, label="a", code="1"), record_type=reverse)
    assert isinstance(broken_rule(Batch([again], [], []), transaction), CodeTaken)


def test_no_value_is_not_a_value_that_is_taken(broken: Broken) -> None:
    assert broken(change_to(Seat(number=8)), change_to(Seat(number=9)), change_to(Seat(number=1), 1)) is None


def test_a_record_keeps_its_own_value(broken: Broken) -> None:
    assert broken(change_to(Seat(number=1, label="a", code="1", room="another"), 1)) is None


def test_a_changed_record_cannot_take_the_value_of_another(broken: Broken) -> None:
    assert isinstance(broken(change_to(Seat(number=1, label="b", code="1"), 1)), LabelTaken)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (Seat(number=8, label="h"), Seat(number=9, label="h"), LabelTaken),
        (Seat(number=8, code="8"), Seat(number=9, code="8"), CodeTaken),
        (Seat(number=8, label="h", code="8"), Seat(number=9, label="h", code="8"), LabelTaken),
    ],
)
def test_two_records_of_one_commit_cannot_share_a_value(
    broken: Broken, first: Seat, second: Seat, expected: type[Exception]
) -> None:
    for order in permutations([change_to(first), change_to(second), change_to(Seat(number=7))]):
        assert isinstance(broken(*order), expected)


def test_a_new_and_a_changed_record_of_one_commit_cannot_share_a_value(broken: Broken) -> None:
    for order in permutations([change_to(Seat(number=1, label="h"), 1), change_to(Seat(number=9, label="h"))]):
        assert isinstance(broken(*order), LabelTaken)


def test_a_value_is_free_after_the_commit_that_frees_it(broken: Broken) -> None:
    for receiver in (change_to(Seat(number=9, label="a", code="1")), change_to(Seat(number=2, label="a", code="1"), 1)):
        for giver in (change_to(Seat(number=1, label="c"), 1), change_to(Seat(number=1), 1, removed=True)):
            for order in permutations([receiver, giver]):
                assert isinstance(broken(*order), LabelTaken)


def test_two_records_cannot_exchange_their_values_in_one_commit(broken: Broken) -> None:
    exchanged = [change_to(Seat(number=1, label="b", code="2"), 1), change_to(Seat(number=2, label="a", code="1"), 1)]
    for order in permutations(exchanged):
        assert isinstance(broken(*order), LabelTaken)


def test_a_value_that_a_changed_record_keeps_cannot_move(broken: Broken) -> None:
    kept, taken = change_to(Seat(number=1, label="a", code="new"), 1), change_to(Seat(number=9, label="a"))
    for order in permutations([kept, taken]):
        assert isinstance(broken(*order), LabelTaken)


def test_records_of_other_types_may_have_the_same_values(broken: Broken) -> None:
    benches = RecordType.of(Seat, "benches", kind="bench", unique=UNIQUE)
    assert broken(change_to(Seat(number=1, label="a", code="1"), record_type=benches)) is None
    both = Seat(number=9, label="h", code="8")
    assert broken(change_to(both), change_to(both, record_type=benches)) is None


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (change_to(Seat(number=1, label="a"), 2), 1),
        (change_to(Seat(number=2), 3, removed=True), 2),
        (change_to(Seat(number=5, label="e"), 1), 5),
        (change_to(Seat(number=5), 1, removed=True), 5),
        (change_to(Seat(number=1, label="a", code="1")), 1),
    ],
    ids=["changed since", "removed of another revision", "gone", "removed twice", "new, and stored meanwhile"],
)
def test_a_revision_that_is_not_stored_is_stale(broken: Broken, change: RowChange, key: int) -> None:
    for order in permutations([change, change_to(FREE), change_to(Seat(number=8))]):
        error = broken(*order)
        assert isinstance(error, StaleVersion)
        assert (error.kind, error.key) == ("seat", key)


def test_the_first_stale_change_names_the_error(broken: Broken) -> None:
    one, two = change_to(Seat(number=1), 7), change_to(Seat(number=2), 7)
    for first, second in ([one, two], [two, one]):
        error = broken(change_to(FREE), first, second)
        assert isinstance(error, StaleVersion)
        assert error.key == first.key


def test_a_declared_error_for_a_taken_key_is_that_of_new_records_only(transaction: MemoryTransaction) -> None:
    kind = RecordType.of(Seat, "seats", kind="seat", taken=lambda _: NumberTaken())
    transaction.write(Batch([change_to(Seat(number=1), record_type=kind)], [], []))
    new, outdated = change_to(Seat(number=1), record_type=kind), change_to(Seat(number=1), 7, record_type=kind)
    assert isinstance(broken_rule(Batch([new], [], []), transaction), NumberTaken)
    assert isinstance(broken_rule(Batch([outdated], [], []), transaction), StaleVersion)


def test_a_stale_part_names_what_it_is_part_of(transaction: MemoryTransaction) -> None:
    whole = RecordType.of(Seat, "seats", kind="seat", part_of=lambda seat: ("room", seat.room))
    for removed in (False, True):
        part = change_to(Seat(number=1, room="attic"), 1, removed=removed, record_type=whole)
        for error in (broken_rule(Batch([part], [], []), transaction), lost_race(Batch([part], [], []))):
            assert isinstance(error, StaleVersion)
            assert (error.kind, error.key) == ("room", "attic")


def test_of_a_lost_race_the_last_change_is_stale_and_without_changes_the_event_was_handled() -> None:
    error = lost_race(Batch([change_to(Seat(number=1)), change_to(FREE)], [], [HANDLED]))
    assert isinstance(error, StaleVersion)
    assert (error.kind, error.key) == ("seat", 9)
    assert isinstance(lost_race(Batch([], [], [HANDLED])), AlreadyHandled)
