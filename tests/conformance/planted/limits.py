"""Bugs in limits, which cut off what has been read before it is filtered."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from itertools import chain, islice
from typing import Any
from uuid import UUID

import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Backlog, DeadLetter, EventFilter
from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.records import Expiry, RecordType
from hexaccount.store_kit.transaction import StoredRow
from hexaccount_memory import retention
from hexaccount_memory.history import MemoryHistory
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.retention import MemoryRetentionStore
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import found_by

Read = Callable[..., Sequence[JournalEntry]]


def filter_after_limit(read: Read) -> Read:
    """Return a method of the history that reads up to the limit, and then drops what the filter does not select."""

    def limited(self: MemoryHistory, event_filter: EventFilter, *, limit: int, after: Any) -> Sequence[JournalEntry]:
        found = read(self, EventFilter(first=event_filter.first), limit=limit, after=after)
        return [entry for entry in found if event_filter.matches(entry)]

    return limited


@found_by("PageLimits", "test_a_page_of_history_counts_only_events_of_its_account")
def a_page_of_history_is_filtered_after_its_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryHistory, "page", filter_after_limit(MemoryHistory.page))


@found_by("PageLimits", "test_a_page_by_aggregate_counts_only_events_of_its_types")
def a_page_by_aggregate_is_filtered_after_its_limit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(MemoryHistory, "by_aggregate", filter_after_limit(MemoryHistory.by_aggregate))


@found_by("PageLimits", "test_a_page_of_dead_letters_counts_only_those_of_its_subscriber")
def a_page_of_dead_letters_is_filtered_after_its_limit(patch: pytest.MonkeyPatch) -> None:
    page = MemoryOutbox.page

    def limited(
        self: MemoryOutbox, *, limit: int, after: UUID | None, subscriber: str | None = None
    ) -> Sequence[DeadLetter]:
        found = page(self, limit=limit, after=after)
        return [each for each in found if subscriber in (None, each.subscriber)]

    patch.setattr(MemoryOutbox, "page", limited)


@found_by("PageLimits", "test_a_backlog_counts_pending_deliveries_behind_dead_letters")
def a_backlog_is_limited_before_dead_letters_are_separated(patch: pytest.MonkeyPatch) -> None:
    def backlog(self: MemoryOutbox, subscriber: str, *, limit: int) -> Backlog:
        stored = list(chain.from_iterable(self.tables.deliveries[subscriber].values()))[:limit]
        pending = [each.entry.id for each in stored if not each.dead_letter]
        return Backlog(pending=len(pending), dead_letters=len(stored) - len(pending), oldest=min(pending, default=None))

    patch.setattr(MemoryOutbox, "backlog", backlog)


@found_by("PageLimits", "test_a_claim_counts_only_deliveries_that_are_due")
def a_claim_is_limited_before_it_looks_for_what_is_due(patch: pytest.MonkeyPatch) -> None:
    claim = MemoryOutbox.claim

    def limited(self: MemoryOutbox, subscriber: str, *, limit: int, **more: Any) -> Any:
        waiting = self.tables.deliveries[subscriber]
        shown = dict(islice(waiting.items(), limit))
        self.tables.deliveries[subscriber] = shown
        try:
            return claim(self, subscriber, limit=limit, **more)
        finally:
            self.tables.deliveries[subscriber] = waiting

    patch.setattr(MemoryOutbox, "claim", limited)


@found_by("PageLimits", "test_retention_counts_only_records_that_have_expired")
def retention_is_limited_before_it_looks_for_what_has_expired(patch: pytest.MonkeyPatch) -> None:
    expired = retention.expired

    def first_rows(tables: Any, expiry: Expiry, before: datetime) -> Any:
        first = set(islice(tables(expiry.record_type).rows, 4))
        return [pair for pair in expired(tables, expiry, before) if pair[0] in first]

    patch.setattr(retention, "expired", first_rows)


@found_by("PageLimits", "test_retention_counts_only_inbox_entries_that_may_be_removed")
def retention_is_limited_before_it_looks_for_pending_events(patch: pytest.MonkeyPatch) -> None:
    def remove_handled(self: MemoryRetentionStore, *, before: datetime, limit: int) -> int:
        first_kept = first_id_at(before)
        with self.tables.lock:
            oldest = [entry for entry in sorted(self.tables.inbox, key=lambda entry: entry[1]) if entry[1] < first_kept]
            pending = {
                (subscriber, delivery.entry.id)
                for subscriber, aggregates in self.tables.deliveries.items()
                for delivery in chain.from_iterable(aggregates.values())
            }
            found = [entry for entry in oldest[:limit] if entry not in pending]
            self.tables.inbox.difference_update(found)
        return len(found)

    patch.setattr(MemoryRetentionStore, "remove_handled", remove_handled)


@found_by("Records", "test_any_number_of_records_is_prefetched")
def a_query_takes_a_hundred_keys(patch: pytest.MonkeyPatch) -> None:
    rows = MemoryTransaction.rows

    def limited(
        self: MemoryTransaction, record_type: RecordType[Any], field: str, values: Collection[object]
    ) -> Sequence[StoredRow]:
        return rows(self, record_type, field, list(values)[:100])

    patch.setattr(MemoryTransaction, "rows", limited)
