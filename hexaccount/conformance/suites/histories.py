"""What racing threads did to one thing, as a record, and whether one order of it explains all they saw.

The question is that of linearizability (Herlihy and Wing, 1990): can the operations be put into one order, in which
whatever ended before another began also comes before it, so that each answer is the one that a simple model gives? The
search tries every order that time allows (Wing and Gong, 1993), and no point of it twice (Lowe, 2017). So the work of
an answer is bounded by the places that the threads can have come to, (operations of each + 1) ** threads, times the
states of the model in each: thousands for the dozens of operations of a race.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from time import perf_counter_ns
from typing import Generic, Protocol, TypeVar

Q = TypeVar("Q")
Q_contra = TypeVar("Q_contra", contravariant=True)
S = TypeVar("S")


class Look:
    """What is asked by those who only look: the base of questions that never change anything, in whatever state."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Operation(Generic[Q]):
    """Something that was asked, what the answer was, and between which moments."""

    what: Q
    answer: object
    began: int
    ended: int


@dataclass(slots=True)
class History(Generic[Q]):
    """Collects operations from any number of threads."""

    operations: list[Operation[Q]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def note(self, what: Q, ask: Callable[[], object]) -> object:
        """Ask, and remember what came when."""
        began = perf_counter_ns()
        answer = ask()
        ended = perf_counter_ns()
        with self._lock:
            self.operations.append(Operation(what, answer, began, ended))
        return answer


class Model(Protocol[Q_contra, S]):
    """The simplest thing that answers as the real one should."""

    def begin(self) -> S:
        """Return the first state, which can be hashed as all others can."""
        ...

    def step(self, state: S, what: Q_contra, answer: object) -> S | None:
        """Return the state after this answer to this question, None if the answer is not one that may be given."""
        ...


def find_order(operations: Sequence[Operation[Q]], model: Model[Q, S]) -> list[Operation[Q]] | None:
    """Return an order that explains every answer, None if there is none."""
    hopeless: set[tuple[frozenset[int], S]] = set()

    def search(left: frozenset[int], state: S) -> list[Operation[Q]] | None:
        if not left:
            return []
        if (left, state) in hopeless:
            return None
        first_end = min(operations[index].ended for index in left)
        for index in left:
            operation = operations[index]
            if operation.began > first_end:
                continue
            after = model.step(state, operation.what, operation.answer)
            rest = None if after is None else search(left - {index}, after)
            if rest is not None:
                return [operation, *rest]
            if after is not None and isinstance(operation.what, Look):
                # It may as well come now as later: if what comes after it has no order, nothing before it helps.
                break
        hopeless.add((left, state))
        return None

    return search(frozenset(range(len(operations))), model.begin())


def check_order(operations: Sequence[Operation[Q]], model: Model[Q, S]) -> list[Operation[Q]]:
    """Return an order that explains every answer; where there is none, fail and tell what was asked and when."""
    order = find_order(operations, model)
    first = min(operation.began for operation in operations)
    told = [
        f"{(operation.began - first) / 1e6:8.3f} to {(operation.ended - first) / 1e6:8.3f} ms: "
        f"{operation.what} -> {operation.answer}"
        for operation in sorted(operations, key=lambda operation: operation.began)
    ]
    assert order is not None, "\n".join(["no order explains this:", *told])
    return order
