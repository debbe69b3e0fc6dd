"""Bugs in how records are stored and found."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from string import ascii_uppercase
from typing import Any
from uuid import UUID

import pytest

from hexaccount.kernel.records import Field, LookUp, RecordType
from hexaccount.store_kit.identity_map import IdentityMap
from hexaccount.store_kit.row_table import RowTable, Tables
from hexaccount.store_kit.transaction import Batch, BrokenRule, StoredRow
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import found_by

ASCII_LOWER = {ord(upper): upper.lower() for upper in ascii_uppercase}


INDEXED_LENGTH = 255
"""How much of a text an index of some databases has."""


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
