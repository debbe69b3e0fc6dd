"""Bugs in reads."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import PROFILES, Profiles
from hexaccount.accounts.user import User
from hexaccount.accounts.users import USERS
from hexaccount.conformance.suites import stored_profiles
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.kernel.records import LookUp, RecordType, Row
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.sessions.sessions import SESSIONS
from hexaccount.store_kit.identity_map import IdentityMap
from hexaccount.store_kit.row_table import RowTable
from hexaccount.store_kit.transaction import StoredRow
from hexaccount_memory import transaction as memory_transaction
from hexaccount_memory.history import MemoryHistory
from hexaccount_memory.store import MemoryStore
from hexaccount_memory.transaction import MemoryTransaction
from tests.conformance.planted.bugs import PlantedStore, found_by

Page = Callable[..., Sequence[StoredRow]]


def plant_page(patch: pytest.MonkeyPatch, kind: RecordType[Any], planted: Callable[[Page, int, Any], Any]) -> None:
    """Replace the pages of one record type; `planted` gets the right page, and the limit and the key before it."""
    page = MemoryTransaction.page

    def wrong_page(
        self: MemoryTransaction,
        record_type: RecordType[Any],
        look_up: LookUp,
        values: Mapping[str, object],
        *,
        limit: int | None,
        after: Any,
    ) -> Sequence[StoredRow]:
        if record_type is not kind or limit is None:
            return page(self, record_type, look_up, values, limit=limit, after=after)

        def right_page(*, limit: int | None, after: Any, values: Mapping[str, object] = values) -> Sequence[StoredRow]:
            plain = LookUp(descending=look_up.descending)
            return page(self, record_type, look_up if values else plain, values, limit=limit, after=after)

        found: Sequence[StoredRow] = planted(right_page, limit, after)
        return found

    patch.setattr(MemoryTransaction, "page", wrong_page)


def plant_values(patch: pytest.MonkeyPatch, kind: RecordType[Any], change: Callable[[Any], Any]) -> None:
    """Have the store change each value of the rows of one record type."""
    put = RowTable.put

    def put_changed(self: RowTable, key: object, row: StoredRow | None) -> None:
        if self.record_type is kind and row is not None:
            changed: Row = tuple([change(value) for value in row.values])
            row = StoredRow(changed, row.revision)
        put(self, key, row)

    patch.setattr(RowTable, "put", put_changed)


@found_by("Paging", "test_pages_ascend_by_id_as_a_number")
def pages_are_ordered_by_the_low_half_of_the_id(patch: pytest.MonkeyPatch) -> None:
    def by_low_half(page: Page, limit: int, after: Any) -> Sequence[StoredRow]:
        return sorted(page(limit=None, after=after), key=lambda row: row.values[0].bytes[8:])[:limit]

    plant_page(patch, USERS, by_low_half)


@found_by("Paging", "test_a_page_begins_after_the_given_id_even_if_no_account_has_it")
def the_first_account_of_each_later_page_is_skipped(patch: pytest.MonkeyPatch) -> None:
    def skip_first(page: Page, limit: int, after: Any) -> Sequence[StoredRow]:
        return page(limit=limit + bool(after), after=after)[bool(after) :]

    plant_page(patch, USERS, skip_first)


@found_by("RefreshToken", "test_live_sessions_are_paged_newest_first")
def the_limit_is_applied_before_the_filter(patch: pytest.MonkeyPatch) -> None:
    def filter_last(page: Page, limit: int, after: Any) -> Sequence[StoredRow]:
        limited = page(limit=limit, after=after, values={})
        return [row for row in page(limit=None, after=after) if row in limited]

    plant_page(patch, SESSIONS, filter_last)


@found_by("Repositories", "test_the_next_unit_of_work_of_every_handle_sees_a_commit")
def a_second_handle_sees_nothing_of_the_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlantedStore, "another", lambda self, recorder: MemoryStore(recorder))


@found_by("Repositories", "test_changes_to_a_returned_aggregate_do_not_reach_the_store")
def readers_receive_the_stored_object(patch: pytest.MonkeyPatch) -> None:
    track = IdentityMap.track
    loaded: dict[tuple[RecordType[Any], StoredRow], Any] = {}

    def track_stored(self: IdentityMap, record_type: RecordType[Any], row: StoredRow) -> Any:
        known = self.find(record_type, row.values[0])
        record = track(self, record_type, row)
        tracked = self.find(record_type, row.values[0])
        if known is None and tracked is not None:
            tracked.record = record = loaded.setdefault((record_type, row), record)
        return record

    patch.setattr(IdentityMap, "track", track_stored)


@found_by("Journal", "test_changes_to_a_returned_entry_do_not_reach_the_store")
def readers_receive_the_stored_entry(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(memory_transaction, "entry_copy", lambda entry: entry)


@found_by("Repositories", "test_a_time_is_read_equal_and_in_utc")
def milliseconds_are_dropped(patch: pytest.MonkeyPatch) -> None:
    plant_values(patch, SESSIONS, lambda value: value.replace(microsecond=0) if isinstance(value, datetime) else value)


@found_by("TextFidelity", "test_adversarial_text_survives")
def text_is_trimmed(patch: pytest.MonkeyPatch) -> None:
    plant_values(patch, PROFILES, lambda value: value[:20].rstrip() if isinstance(value, str) else value)


@found_by("PasswordHash", "test_a_hash_stays_if_it_has_changed_in_the_meantime")
def the_old_hash_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    def renew_any(self: User, old: str, new: str) -> None:
        self.password_hash = new

    patch.setattr(User, "renew_hash", renew_any)


@found_by("History", "test_the_history_of_an_account_holds_all_its_aggregates")
def the_history_of_an_account_holds_one_aggregate(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EventFilter, "matches", lambda self, entry: self.user_id in (None, entry.aggregate_id))


@found_by("History", "test_pages_ascend_by_id_and_hold_each_event_once")
def a_page_of_history_repeats_the_last_event(patch: pytest.MonkeyPatch) -> None:
    page = MemoryHistory.page

    def repeat_last(
        self: MemoryHistory, event_filter: EventFilter, *, limit: int, after: UUID | None
    ) -> Sequence[JournalEntry]:
        before = None if after is None else UUID(int=after.int - 1)
        found = page(self, event_filter, limit=limit, after=before)
        return found if len(found) > 1 else []

    patch.setattr(MemoryHistory, "page", repeat_last)


@found_by("History", "test_the_first_event_of_a_filter_is_included")
def the_first_event_of_a_filter_is_excluded(patch: pytest.MonkeyPatch) -> None:
    matches = EventFilter.matches
    patch.setattr(EventFilter, "matches", lambda self, entry: matches(self, entry) and entry.id != self.first)


@found_by("History", "test_by_aggregate_groups_events_by_aggregate_in_order_of_sequence")
def by_aggregate_orders_events_by_time(patch: pytest.MonkeyPatch) -> None:
    def by_aggregate(
        self: MemoryHistory, event_filter: EventFilter, *, limit: int, after: object
    ) -> Sequence[JournalEntry]:
        return self.page(event_filter, limit=limit, after=None)

    patch.setattr(MemoryHistory, "by_aggregate", by_aggregate)


@found_by("History", "test_by_aggregate_continues_after_any_aggregate")
def by_aggregate_stays_within_one_kind(patch: pytest.MonkeyPatch) -> None:
    by_aggregate = MemoryHistory.by_aggregate

    def of_one_kind(
        self: MemoryHistory, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        found = by_aggregate(self, event_filter, limit=limit, after=after)
        return [entry for entry in found if after is None or entry.aggregate == after[0]]

    patch.setattr(MemoryHistory, "by_aggregate", of_one_kind)


@found_by("StoredProfiles", "test_the_same_or_a_later_version_is_kept")
def a_restored_profile_replaces_a_later_version(patch: pytest.MonkeyPatch) -> None:
    def restore(profile: Profile, unit_of_work: UnitOfWorkFactory[UnitOfWork]) -> None:
        with unit_of_work() as uow:
            profiles = Profiles(uow)
            store = profiles.add if profiles.find(profile.id) is None else profiles.replace
            store(profile)
            uow.commit()

    patch.setattr(stored_profiles, "restore_profile", restore)


@found_by("StoredProfiles", "test_an_earlier_version_is_replaced")
def only_missing_profiles_are_restored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Profiles, "replace", lambda self, profile: None)
