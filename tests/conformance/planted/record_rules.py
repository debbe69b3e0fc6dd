"""Bugs in what a commit of records has to keep."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from time import sleep
from typing import Any
from zlib import crc32

import pytest

from hexaccount.conformance.suites.kit_records import BOOKS, LibraryExists, SignatureTaken
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import RecordType, Unique
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit import rules
from hexaccount.store_kit.identity_map import IdentityMap
from hexaccount.store_kit.row_table import RowTable
from hexaccount.store_kit.rules import broken_rule
from hexaccount.store_kit.transaction import Batch, RowChange, StoredRow, Transaction
from hexaccount.store_kit.unit_of_work import TrackedRecords
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import check_without_lock, found_by, ignore, plant_rules

PARAMETERS = 100
"""How many rows a statement can have."""


def plant_uniqueness(
    patch: pytest.MonkeyPatch, judge: Callable[[Unique[Any], RowChange, Batch, Transaction, bool], bool]
) -> None:
    """Have the store judge whether a unique value is taken; `judge` gets the right answer last."""
    is_taken = rules._is_taken

    def judged(rule: Unique[Any], change: RowChange, batch: Batch, transaction: Transaction) -> bool:
        return judge(rule, change, batch, transaction, is_taken(rule, change, batch, transaction))

    patch.setattr(rules, "_is_taken", judged)


def plant_comparison_of_revisions(patch: pytest.MonkeyPatch, compared: Callable[[RowChange], bool]) -> None:
    """Have the store compare the revisions of some changes only."""

    def lenient(batch: Batch, transaction: Transaction) -> Exception | None:
        error = broken_rule(batch, transaction)
        if isinstance(error, StaleVersion):
            return broken_rule(replace(batch, changes=list(filter(compared, batch.changes))), transaction)
        return error

    patch.setattr(memory_transaction, "broken_rule", lenient)


@found_by("RecordRules", "test_the_first_declared_rule_names_the_error")
def the_second_declared_rule_names_the_error(patch: pytest.MonkeyPatch) -> None:
    def signature_first(broken: Any) -> Exception | None:
        errors = list(broken)
        return next((error for error in errors if isinstance(error, SignatureTaken)), next(iter(errors), None))

    plant_rules(patch, signature_first)


@found_by("RecordRules", "test_the_first_declared_rule_names_the_error_whichever_record_breaks_it")
def the_first_change_that_breaks_a_rule_names_the_error(patch: pytest.MonkeyPatch) -> None:
    def one_by_one(batch: Batch, transaction: Transaction) -> Exception | None:
        for change in batch.changes:
            if (error := broken_rule(replace(batch, changes=[change]), transaction)) is not None:
                return error
        return broken_rule(batch, transaction)

    patch.setattr(memory_transaction, "broken_rule", one_by_one)


@found_by("RecordRules", "test_a_taken_key_is_refused_as_declared_else_as_stale")
def a_taken_key_is_stale_whatever_is_declared(patch: pytest.MonkeyPatch) -> None:
    def stale(broken: Any) -> Exception | None:
        error = next(broken, None)
        return StaleVersion("library", "central") if isinstance(error, LibraryExists) else error

    plant_rules(patch, stale)


@found_by("RecordRules", "test_a_taken_key_is_refused_as_declared_else_as_stale")
def a_new_record_replaces_the_one_with_its_key(patch: pytest.MonkeyPatch) -> None:
    plant_comparison_of_revisions(patch, lambda change: not change.is_new)


@found_by("RecordRules", "test_any_number_of_records_may_lack_a_unique_value")
def no_value_is_unique_too(patch: pytest.MonkeyPatch) -> None:
    def judge(rule: Unique[Any], change: RowChange, batch: Batch, _: Transaction, taken: bool) -> bool:
        kind = change.record_type
        lacking = [
            each.key
            for each in batch.changes
            if each.record_type is kind and each.values is not None and each.values[kind.position(rule.field)] is None
        ]
        return taken or (change.key in lacking and len(lacking) > 1)

    plant_uniqueness(patch, judge)


@found_by("RecordRules", "test_two_records_of_one_commit_cannot_share_a_unique_value")
def uniqueness_is_checked_against_stored_records_only(patch: pytest.MonkeyPatch) -> None:
    def judge(rule: Unique[Any], change: RowChange, _: Batch, transaction: Transaction, taken: bool) -> bool:
        value = None if change.values is None else change.values[change.record_type.position(rule.field)]
        return taken and bool(transaction.rows(change.record_type, rule.field, [value]))

    plant_uniqueness(patch, judge)


@found_by("RecordRules", "test_a_change_cannot_take_the_value_of_another_record")
def uniqueness_is_checked_for_new_records_only(patch: pytest.MonkeyPatch) -> None:
    plant_uniqueness(patch, lambda rule, change, batch, transaction, taken: taken and change.is_new)


@found_by("RecordRules", "test_a_change_cannot_take_the_value_of_another_record")
def a_change_does_not_free_the_former_value(patch: pytest.MonkeyPatch) -> None:
    put = RowTable.put

    def put_and_keep(self: RowTable, key: object, row: StoredRow | None) -> None:
        before = {field: dict(keys) for field, keys in self.keys.items()}
        put(self, key, row)
        if row is not None:
            for field, keys in self.keys.items():
                keys.update({**before[field], **keys})

    patch.setattr(RowTable, "put", put_and_keep)


@found_by("RecordRules", "test_a_removed_record_frees_its_key_and_its_values")
def a_removal_does_not_free_unique_values(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTransaction.write
    kept: set[tuple[str, object]] = set()

    def write_and_keep(self: MemoryTransaction, batch: Batch) -> bool:
        enqueued = write(self, batch)
        for change in batch.changes:
            values = change.record_type.dump(change.record) if change.values is None else ()
            kept.update(zip((field.name for field in change.record_type.fields), values, strict=False))
        return enqueued

    def judge(rule: Unique[Any], change: RowChange, _: Batch, __: Transaction, taken: bool) -> bool:
        values = change.values or (None,) * len(change.record_type.fields)
        return taken or (rule.field, values[change.record_type.position(rule.field)]) in kept

    patch.setattr(MemoryTransaction, "write", write_and_keep)
    plant_uniqueness(patch, judge)


@found_by("RecordRules", "test_a_removed_record_frees_its_key_and_its_values")
def a_removed_record_keeps_its_key(patch: pytest.MonkeyPatch) -> None:
    put = RowTable.put
    removed: set[object] = set()

    def put_tombstone(self: RowTable, key: object, row: StoredRow | None) -> None:
        if row is None:
            removed.add(key)
        put(self, key, None if key in removed else row)

    patch.setattr(RowTable, "put", put_tombstone)


@found_by("RecordRules", "test_what_was_changed_or_removed_since_it_was_read_is_stale")
def an_update_does_not_compare_the_revision(patch: pytest.MonkeyPatch) -> None:
    plant_comparison_of_revisions(patch, lambda change: change.is_new or change.values is None)


@found_by("RecordRules", "test_what_was_changed_or_removed_since_it_was_read_is_stale")
def a_removal_does_not_compare_the_revision(patch: pytest.MonkeyPatch) -> None:
    plant_comparison_of_revisions(patch, lambda change: change.values is not None)


@found_by("RecordRules", "test_a_change_back_to_what_was_read_is_noticed")
def the_revision_is_a_checksum_of_the_values(patch: pytest.MonkeyPatch) -> None:
    put = RowTable.put

    def put_checksum(self: RowTable, key: object, row: StoredRow | None) -> None:
        put(self, key, None if row is None else StoredRow(row.values, 1 + crc32(repr(row.values).encode())))

    patch.setattr(RowTable, "put", put_checksum)


@found_by("RecordRules", "test_a_record_is_not_taken_for_an_equal_one_that_had_its_key_before")
def the_first_revision_of_every_record_is_one(patch: pytest.MonkeyPatch) -> None:
    put = RowTable.put

    def put_first(self: RowTable, key: object, row: StoredRow | None) -> None:
        new = row is not None and key not in self.rows
        put(self, key, StoredRow(row.values, 1) if row is not None and new else row)

    patch.setattr(RowTable, "put", put_first)


@found_by("RecordRules", "test_changes_of_other_records_do_not_make_a_commit_stale")
def all_records_of_a_type_have_one_revision(patch: pytest.MonkeyPatch) -> None:
    put = RowTable.put

    def put_and_raise(self: RowTable, key: object, row: StoredRow | None) -> None:
        put(self, key, row)
        for other, stored in self.rows.items():
            if other != key:
                self.rows[other] = StoredRow(stored.values, stored.revision + 1)

    patch.setattr(RowTable, "put", put_and_raise)


@found_by("RecordRules", "test_a_record_can_be_changed_however_it_was_read")
def a_join_returns_the_revision_of_the_first_row_for_all(patch: pytest.MonkeyPatch) -> None:
    with_references = MemoryTransaction.with_references

    def joined(self: MemoryTransaction, record_type: RecordType[Any], key: object) -> Sequence[StoredRow] | None:
        rows = with_references(self, record_type, key)
        return None if rows is None else [replace(row, revision=rows[0].revision) for row in rows]

    patch.setattr(MemoryTransaction, "with_references", joined)


@found_by("RecordRules", "test_a_record_can_take_the_place_of_one_that_its_commit_removes")
def a_record_in_the_place_of_a_removed_one_is_new(patch: pytest.MonkeyPatch) -> None:
    add = IdentityMap.add

    def add_new(self: IdentityMap, record_type: RecordType[Any], record: Any) -> None:
        self._tracked.pop((record_type, record_type.dump(record)[0]), None)
        add(self, record_type, record)

    patch.setattr(IdentityMap, "add", add_new)


@found_by("RecordRules", "test_a_refused_commit_stores_nothing_of_any_type")
def each_record_type_is_written_by_a_transaction_of_its_own(patch: pytest.MonkeyPatch) -> None:
    plant_parts(patch, lambda batch: [list(each.rows) for each in batch.by_type(new=True, changed=True, removed=True)])


@found_by("RecordRules", "test_two_records_of_one_commit_cannot_share_a_unique_value")
def each_record_is_written_by_a_transaction_of_its_own(patch: pytest.MonkeyPatch) -> None:
    plant_parts(patch, lambda batch: [[change] for change in batch.changes])


@found_by("RecordRules", "test_many_records_are_added_and_removed_by_one_commit")
def removals_beyond_the_size_of_a_statement_are_dropped(patch: pytest.MonkeyPatch) -> None:
    def first_removals(batch: Batch) -> list[list[RowChange]]:
        removed = [change for change in batch.changes if change.values is None]
        return [[change for change in batch.changes if change.values is not None] + removed[:PARAMETERS]]

    plant_parts(patch, first_removals)


@found_by("RecordRules", "test_many_records_are_added_and_removed_by_one_commit")
def additions_beyond_the_size_of_a_statement_are_dropped(patch: pytest.MonkeyPatch) -> None:
    plant_parts(patch, lambda batch: [list(batch.changes[:PARAMETERS])])


def plant_parts(patch: pytest.MonkeyPatch, parts: Callable[[Batch], list[list[RowChange]]]) -> None:
    """Have the store write some parts of the changes of a commit, each on its own."""
    write = MemoryTransaction.write

    def write_parts(self: MemoryTransaction, batch: Batch) -> bool:
        for part in parts(batch):
            write(self, Batch(part, [], []))
        return write(self, replace(batch, changes=[]))

    patch.setattr(MemoryTransaction, "write", write_parts)


@found_by("RecordRules", "test_a_change_is_stored_by_the_commit_and_with_all_others_of_it")
def a_change_is_visible_before_its_commit(patch: pytest.MonkeyPatch) -> None:
    replace_tracked = TrackedRecords.replace

    def replace_at_once(self: TrackedRecords[Any], record: Any) -> None:
        replace_tracked(self, record)
        stored = self.identity_map.find(self.record_type, self.record_type.dump(record)[0])
        assert stored
        assert isinstance(self.transaction, MemoryTransaction)
        row = StoredRow(self.record_type.dump(record), stored.revision)
        self.transaction.tables.table(self.record_type).put(stored.key, row)

    patch.setattr(TrackedRecords, "replace", replace_at_once)


@found_by("RecordRules", "test_without_a_commit_nothing_is_stored")
def a_removal_does_not_wait_for_the_commit(patch: pytest.MonkeyPatch) -> None:
    def remove_at_once(self: TrackedRecords[Any], record: Any) -> None:
        assert isinstance(self.transaction, MemoryTransaction)
        self.transaction.tables.table(self.record_type).put(self.record_type.dump(record)[0], None)

    patch.setattr(TrackedRecords, "remove", remove_at_once)


@found_by("RecordRules", "test_no_update_of_racing_threads_is_lost")
def an_update_compares_the_revision_without_a_lock(patch: pytest.MonkeyPatch) -> None:
    check_without_lock(patch)


@found_by("RecordRules", "test_one_of_racing_threads_gets_a_contested_value")
def uniqueness_is_checked_without_a_lock(patch: pytest.MonkeyPatch) -> None:
    check_without_lock(patch)


@found_by("RecordRules", "test_one_of_racing_threads_removes_a_record")
def a_removal_of_what_is_gone_succeeds(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTransaction.write

    def write_late(self: MemoryTransaction, batch: Batch) -> bool:
        sleep(0.01)  # as long as a round trip to a busy store takes
        return write(self, batch)

    ignore(patch, StaleVersion)
    patch.setattr(MemoryTransaction, "write", write_late)


@found_by("RecordRules", "test_records_add_no_event_and_no_delivery")
def changed_rows_are_delivered_like_events(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTransaction.write

    def write_and_deliver(self: MemoryTransaction, batch: Batch) -> bool:
        enqueued = write(self, batch)
        for change in batch.changes:
            if change.record_type is BOOKS:
                entry = entry_of(change)
                self._append((entry.aggregate, entry.aggregate_id), [entry])
        return enqueued

    def entry_of(change: RowChange) -> JournalEntry:
        return JournalEntry(
            id=change.key,
            type="changed",
            source="urn:planted",
            subject=change.key,
            time=change.record.bought_at,
            aggregate=change.record_type.name,
            aggregate_id=change.key,
            sequence=1,
            dataschema="urn:planted",
            causation_id=None,
            traceparent=None,
            data={},
        )

    patch.setattr(MemoryTransaction, "write", write_and_deliver)
