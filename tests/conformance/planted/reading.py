"""Bugs in what is read."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest

from hexaccount.domain.profile import Profile
from hexaccount.domain.session import Session
from hexaccount.domain.user import User
from hexaccount_memory import repositories, tables, unit_of_work
from hexaccount_memory.repositories import MemoryUsers
from hexaccount_memory.store import MemoryStore
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
