"""Bugs in stores of declared record types."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from string import ascii_uppercase
from time import sleep
from typing import Any, TypeAlias
from uuid import UUID
from zlib import crc32

import pytest

from hexaccount.conformance.suites.kit_records import BOOKS, LIBRARIES, LibraryExists, SignatureTaken
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.records import Expiry, Field, LookUp, RecordType, Unique
from hexaccount.kernel.unit_of_work import StaleVersion
from hexaccount.store_kit import rules
from hexaccount.store_kit.identity_map import IdentityMap
from hexaccount.store_kit.row_table import RowTable, Tables, expired
from hexaccount.store_kit.rules import broken_rule
from hexaccount.store_kit.transaction import Batch, BrokenRule, RowChange, StoredRow, Transaction
from hexaccount.store_kit.unit_of_work import TrackedRecords
from hexaccount_memory import retention
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.retention import MemoryRetentionStore
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import check_without_lock, found_by, ignore, plant_expiry, plant_rules

Expired: TypeAlias = Iterator[tuple[Any, StoredRow | None]]
ASCII_LOWER = {ord(upper): upper.lower() for upper in ascii_uppercase}
INDEXED_LENGTH = 255
"""How much of a text an index of some databases has."""
PARAMETERS = 100
"""How many rows a statement can have."""


def plant_fields(patch: pytest.MonkeyPatch, change: Callable[[Field, Any], Any]) -> None:
    """Have the store change values before it stores them."""
    put = RowTable.put

    def put_changed(self: RowTable, key: object, row: StoredRow | None) -> None:
        if row is not None:
            pairs = zip(self.record_type.fields, row.values, strict=True)
            row = replace(row, values=tuple([change(field, value) for field, value in pairs]))
        put(self, key, row)

    patch.setattr(RowTable, "put", put_changed)


def plant_type(patch: pytest.MonkeyPatch, kind: type, change: Callable[[Any], Any]) -> None:
    """Have the store change the values of one type, None aside."""
    plant_fields(patch, lambda field, value: change(value) if field.type is kind and value is not None else value)


def plant_comparison(patch: pytest.MonkeyPatch, fold: Callable[[str], str]) -> None:
    """Have the store compare texts by what `fold` leaves of them."""

    def find(self: RowTable, field: str, values: Collection[object]) -> list[StoredRow]:
        position = self.record_type.position(field)
        sought = {fold(value) if isinstance(value, str) else value for value in values}

        def folded(row: StoredRow) -> object:
            value = row.values[position]
            return fold(value) if isinstance(value, str) else value

        return [row for row in self.rows.values() if row.values[position] is not None and folded(row) in sought]

    patch.setattr(RowTable, "find", find)


def plant_look_up(
    patch: pytest.MonkeyPatch,
    misread: Callable[[LookUp, Mapping[str, Any], Any], tuple[LookUp, Mapping[str, Any], Any]],
) -> None:
    """Have the store take a look-up, its values and the key before its page for others."""
    page = RowTable.page

    def page_misread(
        self: RowTable, look_up: LookUp, values: Mapping[str, Any], *, limit: int | None, after: Any
    ) -> list[StoredRow]:
        look_up, values, after = misread(look_up, values, after)
        return page(self, look_up, values, limit=limit, after=after)

    patch.setattr(RowTable, "page", page_misread)


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


def plant_expired(patch: pytest.MonkeyPatch, planted: Callable[[Tables, Expiry, datetime, Expired], Expired]) -> None:
    """Replace what has expired; `planted` gets the right answer last."""

    def wrongly_expired(tables: Tables, expiry: Expiry, before: datetime) -> Expired:
        return planted(tables, expiry, before, expired(tables, expiry, before))

    patch.setattr(retention, "expired", wrongly_expired)


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def tuples_are_joined_by_commas(patch: pytest.MonkeyPatch) -> None:
    plant_type(patch, tuple, lambda value: tuple(",".join(value).split(",")) if value else value)


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def an_empty_tuple_is_read_with_an_empty_text(patch: pytest.MonkeyPatch) -> None:
    plant_type(patch, tuple, lambda value: value or ("",))


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def no_text_is_read_as_an_empty_one(patch: pytest.MonkeyPatch) -> None:
    plant_fields(patch, lambda field, value: "" if field.type is str and value is None else value)


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def an_empty_text_is_read_as_none(patch: pytest.MonkeyPatch) -> None:
    plant_fields(patch, lambda field, value: None if field.nullable and value == "" else value)


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def zero_is_read_as_none(patch: pytest.MonkeyPatch) -> None:
    plant_fields(patch, lambda field, value: None if field.nullable and field.type is int and not value else value)


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def integers_have_16_bits(patch: pytest.MonkeyPatch) -> None:
    plant_type(patch, int, lambda value: (value + 2**15) % 2**16 - 2**15)


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def booleans_are_read_as_integers(patch: pytest.MonkeyPatch) -> None:
    plant_type(patch, bool, int)


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def moments_have_whole_seconds(patch: pytest.MonkeyPatch) -> None:
    plant_type(patch, datetime, lambda value: value.replace(microsecond=0))


@found_by("Records", "test_every_type_of_field_is_read_as_it_was_written")
def moments_lose_their_time_zone(patch: pytest.MonkeyPatch) -> None:
    plant_type(patch, datetime, lambda value: value.replace(tzinfo=None))


@found_by("Records", "test_texts_are_read_as_they_were_written")
def texts_have_no_characters_beyond_the_basic_plane(patch: pytest.MonkeyPatch) -> None:
    plant_type(patch, str, lambda value: "".join(each if ord(each) < 2**16 else "\ufffd" for each in value))


@found_by("Records", "test_keys_and_unique_fields_are_compared_exactly")
def texts_are_compared_without_regard_to_trailing_blanks(patch: pytest.MonkeyPatch) -> None:
    plant_comparison(patch, str.rstrip)


@found_by("Records", "test_keys_and_unique_fields_are_compared_exactly")
def texts_are_compared_without_regard_to_case(patch: pytest.MonkeyPatch) -> None:
    plant_comparison(patch, lambda text: text.translate(ASCII_LOWER))


@found_by("Records", "test_long_keys_are_not_cut_to_a_common_prefix")
def only_the_beginning_of_a_text_is_indexed(patch: pytest.MonkeyPatch) -> None:
    plant_comparison(patch, lambda text: text[:INDEXED_LENGTH])


@found_by("Records", "test_a_page_has_the_records_of_its_look_up_in_the_order_of_keys")
def a_page_begins_anew_whatever_came_before(patch: pytest.MonkeyPatch) -> None:
    plant_look_up(patch, lambda look_up, values, after: (look_up, values, None))


@found_by("Records", "test_a_page_has_the_records_of_its_look_up_in_the_order_of_keys")
def a_page_repeats_the_key_before_it(patch: pytest.MonkeyPatch) -> None:
    def before(look_up: LookUp, values: Mapping[str, Any], after: Any) -> tuple[LookUp, Mapping[str, Any], Any]:
        step = 1 if look_up.descending else -1
        return look_up, values, UUID(int=after.int + step) if isinstance(after, UUID) else after

    plant_look_up(patch, before)


@found_by("Records", "test_a_page_has_the_records_of_its_look_up_in_the_order_of_keys")
def a_descending_page_has_the_lowest_keys(patch: pytest.MonkeyPatch) -> None:
    page = RowTable.page

    def lowest(
        self: RowTable, look_up: LookUp, values: Mapping[str, Any], *, limit: int | None, after: Any
    ) -> list[StoredRow]:
        found = page(self, look_up, values, limit=None, after=after)
        return found[-limit:] if limit is not None and look_up.descending else found[:limit]

    patch.setattr(RowTable, "page", lowest)


@found_by("Records", "test_a_limit_counts_only_what_matches")
def a_limit_counts_what_the_index_finds(patch: pytest.MonkeyPatch) -> None:
    page = RowTable.page

    def filter_last(
        self: RowTable, look_up: LookUp, values: Mapping[str, Any], *, limit: int | None, after: Any
    ) -> list[StoredRow]:
        indexed = LookUp(equal=look_up.equal[:1], descending=look_up.descending)
        limited = page(self, indexed, values, limit=limit, after=after)
        return [row for row in page(self, look_up, values, limit=None, after=after) if row in limited]

    patch.setattr(RowTable, "page", filter_last)


@found_by("Records", "test_a_limit_counts_only_what_matches")
def a_look_up_of_none_finds_every_value(patch: pytest.MonkeyPatch) -> None:
    def without_none(look_up: LookUp, values: Mapping[str, Any], after: Any) -> tuple[LookUp, Mapping[str, Any], Any]:
        given = tuple(name for name in look_up.equal if values[name] is not None)
        return replace(look_up, equal=given), values, after

    plant_look_up(patch, without_none)


@found_by("Records", "test_a_limit_counts_only_what_matches")
def a_look_up_includes_the_value_to_exceed(patch: pytest.MonkeyPatch) -> None:
    def from_value(look_up: LookUp, values: Mapping[str, Any], after: Any) -> tuple[LookUp, Mapping[str, Any], Any]:
        above = {look_up.above: values[look_up.above] - 1} if look_up.above == "pages" else {}
        return look_up, {**values, **above}, after

    plant_look_up(patch, from_value)


@found_by("Records", "test_a_record_comes_with_those_that_it_refers_to")
def a_missing_reference_is_read_as_an_empty_record(patch: pytest.MonkeyPatch) -> None:
    def outer_join(tables: Tables, record_type: RecordType[Any], key: object) -> list[StoredRow] | None:
        row = tables(record_type).rows.get(key)
        if row is None or record_type.reference is None:
            return None if row is None else [row]
        referred = record_type.reference.to
        found = outer_join(tables, referred, row.values[record_type.position(record_type.reference.field)])
        return [row, *(found or [StoredRow((None,) * len(referred.fields), 0)])]

    patch.setattr(memory_transaction, "with_references", outer_join)


@found_by("Records", "test_a_record_is_one_object_within_a_unit_of_work")
def every_look_up_reads_a_record_anew(patch: pytest.MonkeyPatch) -> None:
    track = IdentityMap.track

    def track_anew(self: IdentityMap, record_type: RecordType[Any], row: StoredRow) -> Any:
        self._tracked.pop((record_type, row.values[0]), None)
        return track(self, record_type, row)

    patch.setattr(IdentityMap, "track", track_anew)


@found_by("Records", "test_prefetched_records_are_known_and_so_are_those_that_are_missing")
def a_missing_record_is_sought_once_more(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(IdentityMap, "note_absent", lambda self, record_type, key: None)


@found_by("Records", "test_a_secret_is_in_no_error")
def a_refusal_quotes_the_refused_rows(patch: pytest.MonkeyPatch) -> None:
    write = MemoryTransaction.write

    def quote(self: MemoryTransaction, batch: Batch) -> bool:
        try:
            return write(self, batch)
        except BrokenRule as error:
            raise error from ValueError(f"constraint violated by {[change.values for change in batch.changes]}")

    patch.setattr(MemoryTransaction, "write", quote)


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
