"""The table of planted bugs."""

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
    """A bug, and the suite and the test that must find it."""

    plant: Plant
    suite: str
    test: str

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

    def __init__(self, recorder: EventRecorder) -> None:
        self.recorder = recorder
        self.store = MemoryStore(recorder)

    def another(self) -> MemoryStore:
        """Return another handle: the store itself, unless a bug replaces this method."""
        return self.store


BUGS: dict[str, Bug] = {}


def found_by(suite: str, test: str) -> Callable[[Plant], Plant]:
    """Register a bug with the test that finds it."""

    def register(plant: Plant) -> Plant:
        BUGS[plant.__name__] = Bug(plant, suite, test)
        return plant

    return register


def ignoring(method: Callable[..., Any], *refusals: type[Exception]) -> Callable[..., Any]:
    """Return the method with these exceptions suppressed."""

    def lenient(*given: Any) -> None:
        with suppress(*refusals):
            method(*given)

    return lenient
