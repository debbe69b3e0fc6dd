"""The search for an order finds one exactly where there is one, and is done in time where there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.conformance.suites.histories import Look, Model, Operation, check_order, find_order


@dataclass(frozen=True, slots=True)
class Put:
    number: int


@dataclass(frozen=True, slots=True)
class Add:
    pass


@dataclass(frozen=True, slots=True)
class Read(Look):
    pass


@dataclass(slots=True)
class NumberModel:
    """A number, of which 3 is the highest, that loses its patience after so many questions."""

    patience: int = 100_000

    def begin(self) -> int:
        return 0

    def step(self, state: int, what: object, answer: object) -> int | None:
        assert self.patience, "the search goes on and on"
        self.patience -= 1
        match what:
            case Put(number):
                return number
            case Add() if state < 3:
                return state + 1 if answer == state + 1 else None
            case _:
                return state if answer == (state if isinstance(what, Read) else None) else None


def operation(what: object, answer: object, began: int, ended: int) -> Operation[object]:
    return Operation(what, answer, began, ended)


def explains(order: Sequence[Operation[object]], model: Model[object, int]) -> bool:
    """Tell whether each answer is that of the model, and nothing comes before what had ended before it began."""
    state: int | None = model.begin()
    for each in order:
        state = None if state is None else model.step(state, each.what, each.answer)
    in_time = all(later.ended >= each.began for i, each in enumerate(order) for later in order[i + 1 :])
    return state is not None and in_time


moments = st.tuples(st.integers(0, 12), st.integers(0, 8))
questions = st.one_of(
    st.tuples(st.builds(Put, st.integers(0, 3)), st.none()),
    st.tuples(st.just(Add()), st.none() | st.integers(1, 3)),
    st.tuples(st.just(Read()), st.integers(0, 3)),
)
operations = st.builds(lambda asked, time: operation(*asked, time[0], sum(time)), questions, moments)


@settings(max_examples=300)
@given(st.lists(operations, max_size=5))
def test_an_order_is_found_exactly_where_there_is_one(history: list[Operation[object]]) -> None:
    found = find_order(history, NumberModel())
    if found is None:
        assert not any(explains(order, NumberModel()) for order in permutations(history))
    else:
        assert sorted(map(id, found)) == sorted(map(id, history))
        assert explains(found, NumberModel())


def test_what_ended_before_another_began_comes_before_it() -> None:
    put, read = operation(Put(1), None, 0, 1), operation(Read(), 0, 2, 3)
    assert find_order([put, read], NumberModel()) is None
    assert find_order([put, operation(Read(), 0, 1, 3)], NumberModel()) is not None


def test_a_lost_update_has_no_order_and_the_failure_tells_what_was_asked_and_when() -> None:
    history = [operation(Add(), 1, 2_000_000, 3_500_000), operation(Add(), 1, 2_500_000, 4_000_000)]
    with pytest.raises(AssertionError, match=r"no order explains this:\n +0.000 to +1.500 ms: Add\(\) -> 1"):
        check_order(history, NumberModel())


def test_what_changes_nothing_at_first_may_be_what_changes_something_later() -> None:
    history = [operation(Put(0), None, 0, 9), operation(Put(1), None, 1, 2), operation(Read(), 0, 10, 11)]
    assert find_order(history, NumberModel()) is not None


def test_without_an_order_the_search_ends_at_the_number_of_places_that_threads_can_be_at() -> None:
    threads, each = 6, 3
    history = [
        operation(Put((thread + turn) % 4), None, 10 * turn, 10 * turn + 9)
        for thread in range(threads)
        for turn in range(each)
    ]
    history.append(operation(Read(), -1, 10 * each, 10 * each + 1))
    assert find_order(history, NumberModel(patience=(each + 1) ** threads * 4 * threads)) is None


def test_looks_add_no_more_than_themselves_to_the_search() -> None:
    history = [operation(Read(), 0, 0, 1) for _ in range(100)]
    assert find_order([*history, operation(Read(), -1, 2, 3)], NumberModel(patience=101)) is None
