"""A planted bug, and the table of all of them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from hexaccount.store_kit.event_recorder import EventRecorder
from hexaccount_memory.store import MemoryStore

Plant = Callable[[pytest.MonkeyPatch], None]


@dataclass(frozen=True)
class Bug:
    """A bug, and the suite and the test that have to find it."""

    plant: Plant
    suite: str
    test: str

    @property
    def contract(self) -> str:
        """Return the name of the class that runs the kit on a store with this bug."""
        return "Test" + "".join(word.capitalize() for word in self.plant.__name__.split("_"))

    @property
    def node(self) -> str:
        """Return where pytest finds the test."""
        return f"{self.contract}::Test{self.suite}::{self.test}"


class PlantedStore:
    """A memory store and the handles on it."""

    def __init__(self, recorder: EventRecorder) -> None:
        self.recorder = recorder
        self.store = MemoryStore(recorder)

    def another(self) -> MemoryStore:
        """Return a further handle, which is the store itself."""
        return self.store


BUGS: dict[str, Bug] = {}


def found_by(suite: str, test: str) -> Callable[[Plant], Plant]:
    """Register a bug with the test that finds it."""

    def register(plant: Plant) -> Plant:
        BUGS[plant.__name__] = Bug(plant, suite, test)
        return plant

    return register


def ignoring(method: Callable[..., Any], *refusals: type[Exception]) -> Callable[..., Any]:
    """Return a method that does the same and keeps these refusals to itself."""

    def lenient(*given: Any) -> None:
        with suppress(*refusals):
            method(*given)

    return lenient
