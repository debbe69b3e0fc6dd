"""The search finds a linearization exactly if there is one, and is bounded if there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hexaccount.conformance.suites.linearizability import (
    Model,
    Operation,
    ReadOnly,
    check_linearizable,
    find_linearization,
)


@dataclass(frozen=True, slots=True)
class Put:
    number: int


@dataclass(frozen=True, slots=True)
class Add:
    pass


@dataclass(frozen=True, slots=True)
class Read(ReadOnly):
    pass


@dataclass(slots=True)
class NumberModel:
    """A number up to 3 that fails after `steps_left` steps."""

    steps_left: int = 100_000

    def initial_state(self) -> int:
        return 0

    def step(self, state: int, request: object, response: object) -> int | None:
        assert self.steps_left, "the search is not bounded"
        self.steps_left -= 1
        match request:
            case Put(number):
                return number
            case Add() if state < 3:
                return state + 1 if response == state + 1 else None
            case _:
                return state if response == (state if isinstance(request, Read) else None) else None


def operation(request: object, response: object, began: int, ended: int) -> Operation[object]:
    return Operation(request, response, began, ended)


def explains(order: Sequence[Operation[object]], model: Model[object, int]) -> bool:
    """Return whether the model gives each response, and no operation comes before one that ended before it began."""
    state: int | None = model.initial_state()
    for each in order:
        state = None if state is None else model.step(state, each.request, each.response)
    in_time = all(later.ended >= each.began for i, each in enumerate(order) for later in order[i + 1 :])
    return state is not None and in_time


moments = st.tuples(st.integers(0, 12), st.integers(0, 8))
requests = st.one_of(
    st.tuples(st.builds(Put, st.integers(0, 3)), st.none()),
    st.tuples(st.just(Add()), st.none() | st.integers(1, 3)),
    st.tuples(st.just(Read()), st.integers(0, 3)),
)
operations = st.builds(lambda pair, time: operation(*pair, time[0], sum(time)), requests, moments)


@settings(max_examples=300)
@given(st.lists(operations, max_size=5))
def test_a_linearization_is_found_exactly_if_there_is_one(history: list[Operation[object]]) -> None:
    found = find_linearization(history, NumberModel())
    if found is None:
        assert not any(explains(order, NumberModel()) for order in permutations(history))
    else:
        assert sorted(map(id, found)) == sorted(map(id, history))
        assert explains(found, NumberModel())


def test_an_operation_that_ended_before_another_began_comes_before_it() -> None:
    put, read = operation(Put(1), None, 0, 1), operation(Read(), 0, 2, 3)
    assert find_linearization([put, read], NumberModel()) is None
    assert find_linearization([put, operation(Read(), 0, 1, 3)], NumberModel()) is not None


def test_a_lost_update_is_not_linearizable_and_the_failure_lists_the_operations() -> None:
    history = [operation(Add(), 1, 2_000_000, 3_500_000), operation(Add(), 1, 2_500_000, 4_000_000)]
    with pytest.raises(AssertionError, match=r"the history is not linearizable:\n +0.000 to +1.500 ms: Add\(\) -> 1"):
        check_linearizable(history, NumberModel())


def test_an_operation_without_effect_at_first_can_have_an_effect_later() -> None:
    history = [operation(Put(0), None, 0, 9), operation(Put(1), None, 1, 2), operation(Read(), 0, 10, 11)]
    assert find_linearization(history, NumberModel()) is not None


def test_the_search_is_bounded_by_the_positions_that_threads_can_reach() -> None:
    threads, each = 6, 3
    history = [
        operation(Put((thread + turn) % 4), None, 10 * turn, 10 * turn + 9)
        for thread in range(threads)
        for turn in range(each)
    ]
    history.append(operation(Read(), -1, 10 * each, 10 * each + 1))
    assert find_linearization(history, NumberModel(steps_left=(each + 1) ** threads * 4 * threads)) is None


def test_read_only_operations_do_not_multiply_the_search() -> None:
    history = [operation(Read(), 0, 0, 1) for _ in range(100)]
    assert find_linearization([*history, operation(Read(), -1, 2, 3)], NumberModel(steps_left=101)) is None
