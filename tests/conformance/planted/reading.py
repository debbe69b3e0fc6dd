"""Bugs in what is read."""

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
def pages_go_by_the_low_half_of_the_id(patch: pytest.MonkeyPatch) -> None:
    def page(self: MemoryUsers, *, limit: int, after: UUID | None) -> Sequence[User]:
        ids = [user_id for user_id in self.tables.users if after is None or user_id > after]
        ids.sort(key=lambda user_id: user_id.bytes[8:])
        return [self.work.keep(tables.copy_of(self.tables.users[user_id])) for user_id in ids[:limit]]

    patch.setattr(MemoryUsers, "page", page)


@found_by("Paging", "test_a_page_begins_after_the_given_id_whether_it_is_there_or_not")
def the_first_of_each_later_page_is_skipped(patch: pytest.MonkeyPatch) -> None:
    page = MemoryUsers.page

    def late(self: MemoryUsers, *, limit: int, after: UUID | None) -> Sequence[User]:
        return page(self, limit=limit + bool(after), after=after)[bool(after) :]

    patch.setattr(MemoryUsers, "page", late)


@found_by("Repositories", "test_a_commit_is_seen_by_the_next_unit_of_work_everywhere")
def a_second_handle_sees_nothing_of_the_first(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(PlantedStore, "another", lambda self: MemoryStore(self.recorder))


@found_by("Repositories", "test_what_a_reader_does_to_its_object_does_not_reach_the_store")
def readers_get_what_is_stored_itself(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(repositories, "copy_of", lambda aggregate: aggregate)


@found_by("Repositories", "test_a_time_comes_back_equal_and_in_utc")
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


@found_by("PasswordHash", "test_a_hash_stays_where_another_is_there_by_then")
def a_hash_is_replaced_whatever_is_there(patch: pytest.MonkeyPatch) -> None:
    def replace_any(self: MemoryUsers, user_id: UUID, *, old: str, new: str) -> None:
        self.set_hash(user_id, new)

    patch.setattr(MemoryUsers, "replace_hash", replace_any)


@found_by("History", "test_the_history_of_an_account_is_that_of_all_its_aggregates")
def the_history_of_an_account_is_that_of_one_id(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(EventFilter, "has", lambda self, entry: self.user_id in (None, entry.aggregate_id))


@found_by("History", "test_pages_ascend_by_id_and_hold_each_event_once")
def the_page_of_history_begins_with_its_last_event_again(patch: pytest.MonkeyPatch) -> None:
    page = MemoryHistory.page

    def early(
        self: MemoryHistory, event_filter: EventFilter, *, limit: int, after: UUID | None
    ) -> Sequence[JournalEntry]:
        before = None if after is None else UUID(int=after.int - 1)
        found = page(self, event_filter, limit=limit, after=before)
        return found if len(found) > 1 else []

    patch.setattr(MemoryHistory, "page", early)


@found_by("History", "test_the_point_to_begin_at_belongs_to_what_is_chosen")
def the_point_to_begin_at_is_left_out(patch: pytest.MonkeyPatch) -> None:
    has = EventFilter.has
    patch.setattr(EventFilter, "has", lambda self, entry: has(self, entry) and entry.id != self.first)


@found_by("History", "test_by_aggregate_each_stands_together_in_the_order_of_its_sequence")
def aggregates_are_mixed_in_the_order_of_time(patch: pytest.MonkeyPatch) -> None:
    def by_aggregate(
        self: MemoryHistory, event_filter: EventFilter, *, limit: int, after: object
    ) -> Sequence[JournalEntry]:
        return self.page(event_filter, limit=limit, after=None)

    patch.setattr(MemoryHistory, "by_aggregate", by_aggregate)


@found_by("History", "test_by_aggregate_what_comes_after_one_is_all_that_stands_behind_it")
def only_aggregates_of_one_kind_come_after_another(patch: pytest.MonkeyPatch) -> None:
    by_aggregate = MemoryHistory.by_aggregate

    def of_one_kind(
        self: MemoryHistory, event_filter: EventFilter, *, limit: int, after: JournalKey | None
    ) -> Sequence[JournalEntry]:
        found = by_aggregate(self, event_filter, limit=limit, after=after)
        return [entry for entry in found if after is None or entry.aggregate == after[0]]

    patch.setattr(MemoryHistory, "by_aggregate", of_one_kind)


@found_by("StoredProfiles", "test_that_version_or_a_later_one_stays")
def a_restored_state_replaces_a_later_one(patch: pytest.MonkeyPatch) -> None:
    def restore(self: MemoryStoredProfiles, profiles: Sequence[Profile]) -> None:
        self.tables.profiles |= {profile.id: tables.copy_of(profile) for profile in profiles}

    patch.setattr(MemoryStoredProfiles, "restore", restore)


@found_by("StoredProfiles", "test_an_earlier_version_is_replaced")
def only_missing_states_are_restored(patch: pytest.MonkeyPatch) -> None:
    def restore(self: MemoryStoredProfiles, profiles: Sequence[Profile]) -> None:
        for profile in profiles:
            self.tables.profiles.setdefault(profile.id, tables.copy_of(profile))

    patch.setattr(MemoryStoredProfiles, "restore", restore)
