"""Bugs in removing records that have expired."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from time import sleep
from typing import Any, TypeAlias

import pytest

from hexaccount.conformance.suites.kit_records import LIBRARIES
from hexaccount.kernel.records import Expiry, RecordType
from hexaccount.store_kit.row_table import RowTable, Tables, expired
from hexaccount.store_kit.transaction import StoredRow
from hexaccount_memory import retention
from hexaccount_memory.retention import MemoryRetentionStore
from tests.conformance.planted.bugs import found_by, plant_expiry

Expired: TypeAlias = Iterator[tuple[Any, StoredRow | None]]


def plant_expired(patch: pytest.MonkeyPatch, planted: Callable[[Tables, Expiry, datetime, Expired], Expired]) -> None:
    """Replace what has expired; `planted` gets the right answer last."""

    def wrongly_expired(tables: Tables, expiry: Expiry, before: datetime) -> Expired:
        return planted(tables, expiry, before, expired(tables, expiry, before))

    patch.setattr(retention, "expired", wrongly_expired)


@found_by("RecordRetention", "test_what_has_ended_before_the_moment_is_removed")
def what_has_no_end_has_ended(patch: pytest.MonkeyPatch) -> None:
    def and_open(tables: Tables, expiry: Expiry, _: datetime, right: Expired) -> Expired:
        yield from right
        if expiry.record_type is LIBRARIES:
            end = LIBRARIES.position("closed_at")
            yield from ((key, None) for key, row in tables(LIBRARIES).rows.items() if row.values[end] is None)

    plant_expired(patch, and_open)


@found_by("RecordRetention", "test_what_has_ended_before_the_moment_is_removed")
def what_ends_at_the_moment_has_ended(patch: pytest.MonkeyPatch) -> None:
    later = timedelta(milliseconds=1)
    patch.setattr(retention, "expired", lambda tables, expiry, before: expired(tables, expiry, before + later))


@found_by("RecordRetention", "test_batches_are_bounded_and_leave_nothing")
def a_batch_of_removals_is_not_bounded(patch: pytest.MonkeyPatch) -> None:
    remove = MemoryRetentionStore.remove

    def remove_all(self: MemoryRetentionStore, expiry: Expiry, *, before: datetime, limit: int) -> int:
        return remove(self, expiry, before=before, limit=limit + 10**6)

    patch.setattr(MemoryRetentionStore, "remove", remove_all)


@found_by("RecordRetention", "test_either_end_is_enough")
def only_the_first_end_counts(patch: pytest.MonkeyPatch) -> None:
    plant_expiry(patch, lambda expiry: replace(expiry, ends=expiry.ends[:1]))


@found_by("RecordRetention", "test_either_end_is_enough")
def all_ends_must_have_passed(patch: pytest.MonkeyPatch) -> None:
    def by_all(tables: Tables, expiry: Expiry, before: datetime, right: Expired) -> Expired:
        by_each = [dict(expired(tables, replace(expiry, ends=(end,)), before)) for end in expiry.ends]
        return (pair for pair in right if all(pair[0] in found for found in by_each))

    plant_expired(patch, by_all)


@found_by("RecordRetention", "test_what_has_ended_twice_is_removed_once")
def what_has_ended_twice_counts_twice(patch: pytest.MonkeyPatch) -> None:
    def by_each(tables: Tables, expiry: Expiry, before: datetime, right: Expired) -> Expired:
        by_end = [dict(expired(tables, replace(expiry, ends=(end,)), before)) for end in expiry.ends]
        return (pair for pair in right for found in by_end if pair[0] in found)

    plant_expired(patch, by_each)


@found_by("RecordRetention", "test_a_record_stays_while_another_refers_to_it")
def a_record_is_removed_although_another_refers_to_it(patch: pytest.MonkeyPatch) -> None:
    plant_expiry(patch, lambda expiry: replace(expiry, unless_referred_by=None))


@found_by("RecordRetention", "test_a_record_stays_while_another_refers_to_it")
def records_of_live_ones_are_removed_with_those_of_ended_ones(patch: pytest.MonkeyPatch) -> None:
    def cross_join(tables: Tables, expiry: Expiry, _: datetime, right: Expired) -> Expired:
        if expiry.of_reference and list(right):
            return ((key, None) for key in list(tables(expiry.record_type).rows))
        return right

    plant_expired(patch, cross_join)


@found_by("RecordRetention", "test_a_record_whose_reference_is_missing_does_not_expire_with_it")
def a_record_whose_reference_is_missing_has_ended(patch: pytest.MonkeyPatch) -> None:
    def and_orphans(tables: Tables, expiry: Expiry, before: datetime, right: Expired) -> Expired:
        kind = expiry.record_type
        if not expiry.of_reference or kind.reference is None:
            return right
        referred, position = tables(kind.reference.to), kind.position(kind.reference.field)
        ends = [referred.record_type.position(end) for end in expiry.ends]

        def is_live(row: StoredRow | None) -> bool:
            return row is not None and not any(row.values[end] and row.values[end] < before for end in ends)

        rows = list(tables(kind).rows.items())
        return ((key, None) for key, row in rows if not is_live(referred.rows.get(row.values[position])))

    plant_expired(patch, and_orphans)


@found_by("RecordRetention", "test_only_the_secret_is_erased")
def a_record_is_removed_with_its_secret(patch: pytest.MonkeyPatch) -> None:
    plant_expiry(patch, lambda expiry: replace(expiry, erases=None))


@found_by("RecordRetention", "test_only_the_secret_is_erased")
def a_secret_is_overwritten_by_an_empty_text(patch: pytest.MonkeyPatch) -> None:
    def overwrite(_: Tables, expiry: Expiry, __: datetime, right: Expired) -> Expired:
        secret = expiry.record_type.position(expiry.erases or "id")
        for key, row in right:
            kept = row and StoredRow((*row.values[:secret], "", *row.values[secret + 1 :]), row.revision)
            yield key, kept

    plant_expired(patch, overwrite)


@found_by("RecordRetention", "test_erasing_makes_an_earlier_reading_stale")
def erasing_keeps_the_revision(patch: pytest.MonkeyPatch) -> None:
    def keep(_: Tables, __: Expiry, ___: datetime, right: Expired) -> Expired:
        return ((key, row and replace(row, revision=row.revision - 1)) for key, row in right)

    plant_expired(patch, keep)


@found_by("RecordRetention", "test_what_was_prolonged_stays")
def the_first_end_of_a_record_counts_for_ever(patch: pytest.MonkeyPatch) -> None:
    put = RowTable.put
    first: dict[tuple[RecordType[Any], object], StoredRow] = {}

    def put_noted(self: RowTable, key: object, row: StoredRow | None) -> None:
        put(self, key, row)
        if row is not None:
            first.setdefault((self.record_type, key), row)

    def by_first(tables: Tables, expiry: Expiry, before: datetime, _: Expired) -> Expired:
        def first_table(record_type: RecordType[Any]) -> RowTable:
            table = RowTable(record_type)
            table.rows = {key: first[record_type, key] for key in tables(record_type).rows}
            return table

        return expired(first_table, expiry, before)

    patch.setattr(RowTable, "put", put_noted)
    plant_expired(patch, by_first)


@found_by("RecordRetention", "test_racing_removals_count_each_record_once")
def what_another_removes_meanwhile_is_counted(patch: pytest.MonkeyPatch) -> None:
    def remove(self: MemoryRetentionStore, expiry: Expiry, *, before: datetime, limit: int) -> int:
        with self.tables.lock:
            found = list(expired(self.tables.table, expiry, before))[:limit]
        sleep(0.001)  # as long as a write to disk takes
        with self.tables.lock:
            for key, row in found:
                self.tables.table(expiry.record_type).put(key, row)
        return len(found)

    patch.setattr(MemoryRetentionStore, "remove", remove)
