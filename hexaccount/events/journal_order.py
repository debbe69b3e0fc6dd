from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from typing import TypeVar
from uuid import UUID

from hexaccount.events.journal_entry import JournalEntry

T = TypeVar("T")


def order_by_sequence(items: Sequence[T], entry_of: Callable[[T], JournalEntry]) -> list[T]:
    """Return items by the ids of their entries, about the order of time, but within an aggregate by `sequence`.

    The ids of one aggregate's entries need not ascend: they may come from processes whose clocks differ.
    """

    def aggregate_of(item: T) -> tuple[str, UUID]:
        return entry_of(item).aggregate, entry_of(item).aggregate_id

    by_aggregate: defaultdict[tuple[str, UUID], deque[T]] = defaultdict(deque)
    for item in sorted(items, key=lambda item: entry_of(item).sequence):
        by_aggregate[aggregate_of(item)].append(item)
    by_id = sorted(items, key=lambda item: entry_of(item).id)
    return [by_aggregate[aggregate_of(item)].popleft() for item in by_id]
