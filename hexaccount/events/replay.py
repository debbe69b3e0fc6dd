"""Delivering events of the past once more to one target."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, Outbox
from hexaccount.events.subscribers import Subscriber
from hexaccount.kernel.errors import Refusal

_ALL = "*"


class ReplayTarget(Protocol):
    """A target that events can be replayed to; its name is unique."""

    @property
    def name(self) -> str: ...

    @property
    def event_types(self) -> Collection[str]:
        """Return the event types that it takes, `*` for all."""
        ...

    @property
    def immediate(self) -> bool:
        """Tell whether `replay` returns after the events are applied; otherwise relays deliver them later."""
        ...

    def prepare(self) -> None:
        """Make sure that the target gets new events by itself; called before the journal is read."""
        ...

    def replay(self, entries: Sequence[JournalEntry]) -> None:
        """Take events of whole aggregates, those of each in order; it is safe to take them again."""
        ...


class ReplayTargets(tuple[ReplayTarget, ...]):
    """Every target that events can be replayed to."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class SubscriberReplay(ReplayTarget):
    """Replays to a durable subscriber: the events are enqueued once more, and its relays deliver them."""

    subscriber: Subscriber
    outbox: Outbox

    @property
    def name(self) -> str:
        return self.subscriber.name

    @property
    def event_types(self) -> Collection[str]:
        return self.subscriber.event_types

    @property
    def immediate(self) -> bool:
        return False

    def prepare(self) -> None:
        """Subscribe, unless it is: events that are committed during the replay would not be enqueued otherwise."""
        self.outbox.subscribe(self.name, self.event_types)

    def replay(self, entries: Sequence[JournalEntry]) -> None:
        """Enqueue all of them in one step, so that no later event of an aggregate can overtake them."""
        self.outbox.enqueue(self.name, entries)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is replayed, and to which target: the events of one account or all, of some types or all, from an id on."""

    target: str
    user_id: UUID | None = None
    types: Collection[str] | None = None
    first: UUID | None = None

    def resolve(self, targets: ReplayTargets) -> tuple[ReplayTarget, EventFilter]:
        """Return the target and the filter of its events; raises UnknownTarget and TypeNotTaken."""
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
    """There is no replay target of this name."""

    code = "unknown_target"

    def __init__(self, known: Collection[str]) -> None:
        super().__init__(f"there is no replay target of this name; there are {', '.join(known)}")


class TypeNotTaken(Refusal):
    """The target does not take events of a requested type."""

    code = "type_not_taken"

    def __init__(self, target: ReplayTarget) -> None:
        super().__init__(f"{target.name} does not take all of these types; it takes {', '.join(target.event_types)}")


class IncompleteJournal(Refusal):
    """A state cannot be folded, as some of its events were moved to an archive."""

    code = "incomplete_journal"

    def __init__(self, aggregate: str, aggregate_id: UUID) -> None:
        super().__init__(f"events of the {aggregate} {aggregate_id} are in an archive, and not in the journal")
