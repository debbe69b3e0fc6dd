"""Bugs in reads."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.sessions.session import Session
from hexaccount_memory import repositories, tables, unit_of_work
from hexaccount_memory.history import MemoryHistory
from hexaccount_memory.repositories import MemoryUsers
from hexaccount_memory.store import MemoryStore
from hexaccount_memory.stored_profiles import MemoryStoredProfiles
from tests.conformance.planted.bugs import PlantedStore, found_by


@found_by("Paging", "test_pages_ascend_by_id_as_a_number")
def pages_are_ordered_by_the_low_half_of_the_id(patch: pytest.MonkeyPatch) -> None:
    def page(self: MemoryUsers, *, limit: int, after: UUID | None) -> Sequence[User]:
        ids = [user_id for user_id in self.tables.users if after is None or user_id > after]
        ids.sort(key=lambda user_id: user_id.bytes[8:])
        return [self.identity_map.track(tables.copy_of(self.tables.users[user_id])) for user_id in ids[:limit]]

    patch.setattr(MemoryUsers, "page", page)


@found_by("Paging", "test_a_page_begins_after_the_given_id_even_if_no_account_has_it")
def the_first_account_of_each_later_page_is_skipped(patch: pytest.MonkeyPatch) -> None:
    page = MemoryUsers.page

    def skip_first(self: MemoryUsers, *, limit: int, after: UUID | None) -> Sequence[User]:
        return page(self, limit=limit + bool(after), after=after)[bool(after) :]

    patch.setattr(MemoryUsers, "page", skip_first)


@found_by("Repositories", "test_the_next_unit_of_work_of_every_handle_sees_a_commit")
def a_second_handle_sees_nothing_of_the_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlantedStore, "another", lambda self: MemoryStore(self.recorder))


@found_by("Repositories", "test_changes_to_a_returned_aggregate_do_not_reach_the_store")
def readers_receive_the_stored_object(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(repositories, "copy_of", lambda aggregate: aggregate)


@found_by("Repositories", "test_a_time_is_read_equal_and_in_utc")
def milliseconds_are_dropped(patch: pytest.MonkeyPatch) -> None:
    copy = tables.copy_of

    def without_milliseconds(aggregate: Any) -> Any:
        stored = copy(aggregate)
        if isinstance(stored, Session):
            stored.expires_at = stored.expires_at.replace(microsecond=0)
            stored.opened_at = stored.opened_at.replace(microsecond=0)
        return stored

    patch.setattr(unit_of_work, "copy_of", without_milliseconds)


@found_by("TextFidelity", "test_adversarial_text_survives")
def text_is_trimmed(patch: pytest.MonkeyPatch) -> None:
    copy = tables.copy_of

    def trimmed(aggregate: Any) -> Any:
        stored = copy(aggregate)
        if isinstance(stored, Profile) and stored.bio:
            stored.bio = stored.bio[:20].rstrip()
        return stored

    patch.setattr(unit_of_work, "copy_of", trimmed)


@found_by("PasswordHash", "test_a_hash_stays_if_it_has_changed_in_the_meantime")
def the_old_hash_is_not_compared(patch: pytest.MonkeyPatch) -> None:
    def replace_any(self: MemoryUsers, user_id: UUID, *, old: str, new: str) -> None:
        self.set_hash(user_id, new)

    patch.setattr(MemoryUsers, "replace_hash", replace_any)


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
    def restore(self: MemoryStoredProfiles, profiles: Sequence[Profile]) -> None:
        self.tables.profiles |= {profile.id: tables.copy_of(profile) for profile in profiles}

    patch.setattr(MemoryStoredProfiles, "restore", restore)


@found_by("StoredProfiles", "test_an_earlier_version_is_replaced")
def only_missing_profiles_are_restored(patch: pytest.MonkeyPatch) -> None:
    def restore(self: MemoryStoredProfiles, profiles: Sequence[Profile]) -> None:
        for profile in profiles:
            self.tables.profiles.setdefault(profile.id, tables.copy_of(profile))

    patch.setattr(MemoryStoredProfiles, "restore", restore)
