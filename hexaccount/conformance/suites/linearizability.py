"""Records the operations of racing threads, and checks that their history is linearizable (Herlihy and Wing, 1990).

A history is linearizable if its operations have one order in which each response is that of a sequential model. In this
order an operation comes after all those that ended before it began. The search tries every order that real time permits
(Wing and Gong, 1993) and visits no configuration twice (Lowe, 2017). Its work is bounded by the positions that the
threads can reach, (operations of each + 1) ** threads, times the states of the model in each: thousands for the dozens
of operations of a race.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import perf_counter_ns
from typing import Generic, Protocol, TypeVar

Q = TypeVar("Q")
Q_contra = TypeVar("Q_contra", contravariant=True)
S = TypeVar("S")


class ReadOnly:
    """The base of operations that never change the state."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q]):
    """A request with its response; the times are nanoseconds of a monotonic clock."""

    request: Q
    response: object
    began: int
    ended: int


@dataclass(slots=True)
class OperationHistory(Generic[Q]):
    """Collects operations from any number of threads."""

    operations: list[Operation[Q]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def record(self, request: Q, send: Callable[[], object]) -> object:
        """Send the request and record it with its response, which is returned."""
        began = perf_counter_ns()
        response = send()
        ended = perf_counter_ns()
        with self._lock:
            self.operations.append(Operation(request, response, began, ended))
        return response


class Model(Protocol[Q_contra, S]):
    """A sequential specification of the system under test."""

    def initial_state(self) -> S:
        """Return the state before the first operation; all states are hashable."""
        ...

    def step(self, state: S, request: Q_contra, response: object) -> S | None:
        """Return the state after the operation, None if the response is not valid in `state`."""
        ...


def find_linearization(operations: Sequence[Operation[Q]], model: Model[Q, S]) -> list[Operation[Q]] | None:
    """Return a linearization of the operations, None if there is none."""
    visited: set[tuple[frozenset[int], S]] = set()

    def search(left: frozenset[int], state: S) -> list[Operation[Q]] | None:
        if not left:
            return []
        if (left, state) in visited:
            return None
        first_end = min(operations[index].ended for index in left)
        for index in left:
            operation = operations[index]
            if operation.began > first_end:
                continue
            after = model.step(state, operation.request, operation.response)
            rest = None if after is None else search(left - {index}, after)
            if rest is not None:
                return [operation, *rest]
            if after is not None and isinstance(operation.request, ReadOnly):
                # It fits here as well as later: if the rest has no order now, it has none after another operation.
                break
        visited.add((left, state))
        return None

    return search(frozenset(range(len(operations))), model.initial_state())


def check_linearizable(operations: Sequence[Operation[Q]], model: Model[Q, S]) -> list[Operation[Q]]:
    """Return a linearization; if there is none, fail with a list of the operations and their times."""
    order = find_linearization(operations, model)
    first = min(operation.began for operation in operations)
    listed = [
        f"{(operation.began - first) / 1e6:8.3f} to {(operation.ended - first) / 1e6:8.3f} ms: "
        f"{operation.request} -> {operation.response}"
        for operation in sorted(operations, key=lambda operation: operation.began)
    ]
    assert order is not None, "\n".join(["the history is not linearizable:", *listed])
    return order
