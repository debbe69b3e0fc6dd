"""Bugs in keys, of which a store compares the first characters only."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import pytest

from hexaccount.kernel.rate_limit import BucketState, RateLimit
from hexaccount.store_kit.row_table import RowTable
from hexaccount.store_kit.transaction import StoredRow
from hexaccount_memory import MemoryRateLimitStore
from hexaccount_memory.outbox import MemoryOutbox
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import found_by
from tests.conformance.planted.records import INDEXED_LENGTH


@found_by("RateLimitStore", "test_keys_with_a_long_common_prefix_are_counted_separately")
def keys_of_rate_limits_are_cut(patch: pytest.MonkeyPatch) -> None:
    acquire = MemoryRateLimitStore.acquire

    def acquire_cut(
        self: MemoryRateLimitStore, limits: Mapping[str, RateLimit], now: datetime
    ) -> dict[str, BucketState]:
        full = {key[:INDEXED_LENGTH]: key for key in limits}
        states = acquire(self, {key: limits[full[key]] for key in full}, now)
        return {full[key]: state for key, state in states.items()}

    patch.setattr(MemoryRateLimitStore, "acquire", acquire_cut)


@found_by("Subscriptions", "test_subscribers_and_types_with_a_long_common_prefix_are_different")
def names_of_subscribers_are_cut(patch: pytest.MonkeyPatch) -> None:
    subscribe, claim = MemoryOutbox.subscribe, MemoryOutbox.claim

    def subscribe_cut(self: MemoryOutbox, subscriber: str, event_types: Collection[str]) -> None:
        subscribe(self, subscriber[:INDEXED_LENGTH], event_types)

    patch.setattr(MemoryOutbox, "subscribe", subscribe_cut)
    patch.setattr(
        MemoryOutbox, "claim", lambda self, subscriber, **more: claim(self, subscriber[:INDEXED_LENGTH], **more)
    )


@found_by("Inbox", "test_subscribers_and_events_with_a_long_common_prefix_are_different")
def keys_of_the_inbox_are_cut(patch: pytest.MonkeyPatch) -> None:
    is_handled = MemoryTransaction.is_handled

    def is_handled_cut(self: MemoryTransaction, subscriber: str, event_id: Any) -> bool:
        handled = {(name[:INDEXED_LENGTH], each) for name, each in self.tables.inbox}
        return (subscriber[:INDEXED_LENGTH], event_id) in handled or is_handled(self, subscriber, event_id)

    patch.setattr(MemoryTransaction, "is_handled", is_handled_cut)


@found_by("Records", "test_a_record_without_a_value_is_above_none")
def a_missing_number_counts_as_zero(patch: pytest.MonkeyPatch) -> None:
    page = RowTable.page

    def page_with_zeros(self: RowTable, look_up: Any, values: Mapping[str, Any], **more: Any) -> list[StoredRow]:
        if look_up.above != "edition":
            return page(self, look_up, values, **more)
        filled, position = RowTable(self.record_type), self.record_type.position("edition")
        for key, row in self.rows.items():
            known = row.values[position] is not None
            changed = row.values if known else (*row.values[:position], 0, *row.values[position + 1 :])
            filled.rows[key] = StoredRow(changed, row.revision)
        return [self.rows[row.values[0]] for row in page(filled, look_up, values, **more)]

    patch.setattr(RowTable, "page", page_with_zeros)


@found_by("Records", "test_keys_that_are_numbers_are_in_their_order")
def keys_are_ordered_as_texts(patch: pytest.MonkeyPatch) -> None:
    page = RowTable.page

    def page_by_text(
        self: RowTable, look_up: Any, values: Mapping[str, Any], *, limit: int | None, after: Any
    ) -> list[StoredRow]:
        rows = sorted(
            page(self, look_up, values, limit=None, after=None),
            key=lambda row: str(row.values[0]),
            reverse=look_up.descending,
        )
        first = 0 if after is None else 1 + [str(row.values[0]) for row in rows].index(str(after))
        return rows[first:][:limit]

    patch.setattr(RowTable, "page", page_by_text)
