from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.kernel.event import Event


class ForeignEvent(TypeError):
    """An event that is not of this kind of aggregate, or not where it may stand in its journal."""

    def __init__(self, aggregate: type["Aggregate"], event: Event) -> None:
        super().__init__(f"{type(event).__name__} has no place here in the journal of a {aggregate.kind}")


@dataclass(slots=True, kw_only=True, eq=False)
class Aggregate(ABC):
    """A consistency boundary: it changes as one, and records each change as an event.

    `version` counts the events since its beginning: it is the `sequence` of the last one. `pending` holds the events
    that no store has yet. The fields `outside_events` are no history: they change without an event, and a fold gives
    them the values with which the aggregate began.
    """

    kind: ClassVar[str]
    outside_events: ClassVar[frozenset[str]] = frozenset()

    id: UUID
    version: int
    pending: list[Event] = field(default_factory=list)

    @property
    def stored_version(self) -> int:
        """Return the version that the store holds, 0 if it holds none."""
        return self.version - len(self.pending)

    @classmethod
    def fold(cls, events: Iterable[Event]) -> Self:
        """Return the state that follows from a whole journal, but for `outside_events`; raises ForeignEvent."""
        first, *later = events
        aggregate = cls._begin(first)
        for event in later:
            aggregate._apply(event)  # noqa: SLF001 - an object of this very class
            aggregate.version += 1
        return aggregate

    @classmethod
    def _begun_by(cls, event: Event) -> Self:
        aggregate = cls._begin(event)
        aggregate.pending.append(event)
        return aggregate

    def _record(self, event: Event) -> None:
        self._apply(event)
        self.version += 1
        self.pending.append(event)

    @classmethod
    @abstractmethod
    def _begin(cls, event: Event) -> Self:
        """Return the aggregate of version 1 that `event` begins."""

    @abstractmethod
    def _apply(self, event: Event) -> None:
        """Change the state by `event`."""
