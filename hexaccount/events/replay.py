"""Telling what has happened once more to one receiver: to whom, of what, and how it gets there."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, Outbox
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.errors import Refusal

_ALL = "*"


class ReplayTarget(Protocol):
    """Somebody to whom events can be replayed, by a name that no other target has."""

    @property
    def name(self) -> str:
        """Return its name."""
        ...

    @property
    def event_types(self) -> Collection[str]:
        """Return the types that it takes, `*` for all."""
        ...

    @property
    def immediate(self) -> bool:
        """Tell whether it has taken the events when `replay` returns; otherwise its relays bring them later."""
        ...

    def prepare(self) -> None:
        """Make sure that what happens from now on comes to it by itself; called before the journal is read."""
        ...

    def replay(self, entries: Sequence[JournalEntry]) -> None:
        """Take events of whole aggregates, those of each in order; to take them again does no harm."""
        ...


ReplayTargets: TypeAlias = Sequence[ReplayTarget]


@dataclass(frozen=True, slots=True)
class SubscriberReplay(ReplayTarget):
    """A subscriber, who is owed the events once more: its relays bring them as they bring all others."""

    subscriber: Subscriber
    outbox: Outbox

    @property
    def name(self) -> str:
        """Return the subscriber's name."""
        return self.subscriber.name

    @property
    def event_types(self) -> Collection[str]:
        """Return the types that the subscriber is owed."""
        return self.subscriber.event_types

    @property
    def immediate(self) -> bool:
        """Return that it does not."""
        return False

    def prepare(self) -> None:
        """Enrol the subscriber, unless it is: else what happens during the replay would be owed to nobody."""
        self.outbox.subscribe(self.name, self.event_types)

    def replay(self, entries: Sequence[JournalEntry]) -> None:
        """Owe all of them in one step, so that of an aggregate none can be overtaken by a later one."""
        self.outbox.enqueue(self.name, entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is to be replayed, and to whom: the events of one account or all, of some types or all, from an id on."""

    target: str
    user_id: UUID | None = None
    types: Collection[str] | None = None
    first: UUID | None = None

    def resolve(self, targets: ReplayTargets) -> tuple[ReplayTarget, EventFilter]:
        """Return the target and which events it is to take; raises UnknownTarget and TypeNotTaken."""
        known: Mapping[str, ReplayTarget] = {target.name: target for target in targets}
        target = known.get(self.target)
        if target is None:
            raise UnknownTarget(known)
        taken = None if _ALL in target.event_types else frozenset(target.event_types)
        if taken is not None and self.types is not None and not taken.issuperset(self.types):
            raise TypeNotTaken(target)
        return target, EventFilter(
            user_id=self.user_id, types=taken if self.types is None else self.types, first=self.first
        )


class UnknownTarget(Refusal):
    """Nobody of this name takes events."""

    code = "unknown_target"

    def __init__(self, known: Collection[str]) -> None:
        """Take the names that there are."""
        super().__init__(f"nobody of this name takes events; there are {', '.join(known)}")


class TypeNotTaken(Refusal):
    """A target does not take events of a type that was asked for."""

    code = "type_not_taken"

    def __init__(self, target: ReplayTarget) -> None:
        """Take the target."""
        super().__init__(f"{target.name} does not take all of these types; it takes {', '.join(target.event_types)}")
