from collections.abc import Iterable, Iterator
from itertools import islice

from hexaccount.events.journal_entry import JournalEntry

BATCH = 1000


def in_batches(entries: Iterable[JournalEntry]) -> Iterator[list[JournalEntry]]:
    """Yield entries in lists of up to 1,000, as many as a store takes at once."""
    remaining = iter(entries)
    while batch := list(islice(remaining, BATCH)):
        yield batch
