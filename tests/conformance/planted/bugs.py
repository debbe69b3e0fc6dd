"""The table of planted bugs."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from time import sleep
from typing import Any

import pytest

from hexaccount.kernel.records import Expiry
from hexaccount.store_kit import rules
from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount.store_kit.row_table import expired
from hexaccount.store_kit.transaction import Batch, Transaction
from hexaccount_memory import retention, tables
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.store import MemoryStore

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Bug:
    """A bug, the suite and the test that must find it, and the store that has it, `memory` or `sqlite`."""

    plant: Plant
    suite: str
    test: str
    on: str = "memory"

    @property
    def contract(self) -> str:
        """Return the name of the class that runs the kit on a store with this bug."""
        return "Test" + "".join(word.capitalize() for word in self.plant.__name__.split("_"))

    @property
    def node(self) -> str:
        """Return the pytest node id of the test."""
        return f"{self.contract}::Test{self.suite}::{self.test}"


class PlantedStore:
    """A memory store and its handles."""

    def __init__(self) -> None:
        self.store: MemoryStore | None = None

    def another(self, recorder: EventRecorder) -> MemoryStore:
        """Return another handle: the store itself, unless a bug replaces this method."""
        self.store = self.store or MemoryStore(recorder)
        return self.store


BUGS: dict[str, Bug] = {}


def found_by(suite: str, test: str, *, on: str = "memory") -> Callable[[Plant], Plant]:
    """Register a bug with the test that finds it."""

    def register(plant: Plant) -> Plant:
        BUGS[plant.__name__] = Bug(plant, suite, test, on)
        return plant

    return register


def plant_rules(patch: pytest.MonkeyPatch, choose: Callable[[Iterable[Exception]], Exception | None]) -> None:
    """Have the store refuse a commit by one of the rules that it breaks, which come in order, or by none."""

    def broken_rule(batch: Batch, transaction: Transaction) -> Exception | None:
        return choose(rules._broken_rules(batch, transaction))

    patch.setattr(memory_transaction, "broken_rule", broken_rule)


def check_without_lock(patch: pytest.MonkeyPatch) -> None:
    """Have the store check the rules of a commit, and write it only later."""

    class NoLock:
        def __enter__(self) -> None: ...
        def __exit__(self, *error: object) -> None: ...

    def slowly(batch: Batch, transaction: Transaction) -> Exception | None:
        error = rules.broken_rule(batch, transaction)
        sleep(0.001)  # as long as a write to disk takes
        return error

    patch.setattr(memory_transaction, "broken_rule", slowly)
    init = tables.Tables.__init__

    def without_lock(self: tables.Tables, *given: Any, **more: Any) -> None:
        init(self, *given, **more)
        self.lock = NoLock()  # type: ignore[assignment]  # the planted bug

    patch.setattr(tables.Tables, "__init__", without_lock)


def plant_expiry(patch: pytest.MonkeyPatch, misread: Callable[[Expiry], Expiry]) -> None:
    """Have the store take each declaration of what expires for another one."""
    patch.setattr(retention, "expired", lambda tables, expiry, before: expired(tables, misread(expiry), before))


def ignore(patch: pytest.MonkeyPatch, *refusals: type[Exception]) -> None:
    """Have the store accept a commit that breaks rules with these errors only."""
    plant_rules(patch, lambda broken: next((error for error in broken if not isinstance(error, refusals)), None))
