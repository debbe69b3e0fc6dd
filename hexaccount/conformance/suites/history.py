from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, cast

import pytest

from hexaccount.accounts.user import User
from hexaccount.conformance.suites.owing import user_with_events
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import disable, journal_of, save
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.store_kit.store import Store

OPENED = "hexaccount.session.opened.v1"
DISABLED = "hexaccount.user.disabled.v1"
UPDATED = "hexaccount.profile.updated.v1"
EVERYTHING = EventFilter()


def populate(store: Store, people: People) -> list[User]:
    """Commit three accounts, whose sessions and profiles change in turn."""
    users = [people.user() for _ in range(3)]
    for user in users:
        save(store, user, people.profile(user.id, bio="first"))
    for number in range(3):
        for user in users:
            save(store, people.session(user))
            with store.unit_of_work() as uow:
                profile = uow.profiles.find(user.id)
                assert profile
                profile.update({"bio": f"{number}"}, people.now())
                uow.commit()
    disable(store, users[0].id, people.now())
    return users


def key_of(entry: JournalEntry) -> JournalKey:
    """Return what names the journal of an event."""
    return entry.aggregate, entry.aggregate_id


class HistoryContract(ContractSuite):
    """What has happened is found again: one event, those of an account, and all, each once and in its order."""

    def test_an_event_is_found_by_its_id_as_its_journal_holds_it(self, store: Store, people: People) -> None:
        user = people.user()
        save(store, user, people.profile(user.id, bio="\U0001f600 \u05e9\u05dc\u05d5\u05dd"))
        for aggregate in (user, people.profile(user.id)):
            for entry in journal_of(store, aggregate):
                assert store.history.find(entry.id) == entry
        assert store.history.find(people.new_id()) is None

    def test_the_history_of_an_account_is_that_of_all_its_aggregates(self, store: Store, people: People) -> None:
        user, *_ = populate(store, people)
        found = store.history.page(EventFilter(user_id=user.id), limit=100, after=None)
        assert {entry.subject for entry in found} == {user.id}
        counted = {kind: sum(entry.aggregate == kind for entry in found) for kind in ("user", "session", "profile")}
        assert counted == {"user": 2, "session": 3, "profile": 5}
        for aggregate in (user, people.profile(user.id)):
            assert [entry for entry in found if entry.aggregate == aggregate.kind] == list(journal_of(store, aggregate))

    def test_an_account_that_nothing_has_happened_to_has_no_history(self, store: Store, people: People) -> None:
        populate(store, people)
        nobody = EventFilter(user_id=people.new_id())
        assert list(store.history.page(nobody, limit=100, after=None)) == []
        assert list(store.history.by_aggregate(nobody, limit=100, after=None)) == []
        assert store.history.count(nobody) == 0

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    def test_pages_ascend_by_id_and_hold_each_event_once(self, store: Store, people: People, limit: int) -> None:
        user, *_ = populate(store, people)
        for event_filter, total in ((EventFilter(user_id=user.id), 10), (EVERYTHING, 28)):
            found: list[JournalEntry] = []
            while page := store.history.page(event_filter, limit=limit, after=found[-1].id if found else None):
                assert len(page) <= limit
                found += page
            assert len(found) == total
            assert all(one.id < other.id for one, other in pairwise(found))

    def test_a_choice_leaves_out_all_that_it_does_not_name(self, store: Store, people: People) -> None:
        users = populate(store, people)
        everything = store.history.page(EVERYTHING, limit=100, after=None)
        point = everything[14]
        choices = [
            EventFilter(types=[OPENED]),
            EventFilter(types=[OPENED, DISABLED]),
            EventFilter(types=[]),
            EventFilter(first=point.id),
            EventFilter(user_id=users[0].id, types=[UPDATED]),
            EventFilter(user_id=users[1].id, types=[UPDATED, DISABLED], first=point.id),
        ]
        for event_filter in choices:
            wanted = [entry for entry in everything if event_filter.has(entry)]
            assert list(store.history.page(event_filter, limit=100, after=None)) == wanted
            after = [entry for entry in wanted if entry.id > point.id]
            assert list(store.history.page(event_filter, limit=100, after=point.id)) == after
            assert by_id(store.history.by_aggregate(event_filter, limit=100, after=None)) == wanted
            assert store.history.count(event_filter) == len(wanted)
        assert [store.history.count(event_filter) for event_filter in choices] == [9, 10, 0, 14, 4, 2]

    def test_the_point_to_begin_at_belongs_to_what_is_chosen(self, store: Store, people: People) -> None:
        user = user_with_events(store, people, 5)
        third = journal_of(store, user)[2]
        found = store.history.page(EventFilter(first=third.id), limit=100, after=None)
        assert [entry.sequence for entry in found] == [3, 4, 5]

    @pytest.mark.parametrize("limit", [1, 2, 5, 28, 100])
    def test_by_aggregate_each_stands_together_in_the_order_of_its_sequence(
        self, store: Store, people: People, limit: int
    ) -> None:
        populate(store, people)
        found = store.history.by_aggregate(EVERYTHING, limit=limit, after=None)
        everything = store.history.by_aggregate(EVERYTHING, limit=100, after=None)
        assert list(found) == list(everything)[:limit]
        assert by_id(everything) == list(store.history.page(EVERYTHING, limit=100, after=None))
        ends = [(key_of(one), key_of(other)) for one, other in pairwise(everything)]
        assert sum(one != other for one, other in ends) + 1 == len({key_of(entry) for entry in everything})
        assert all(
            one.sequence + 1 == other.sequence for one, other in pairwise(everything) if key_of(one) == key_of(other)
        )

    def test_by_aggregate_what_comes_after_one_is_all_that_stands_behind_it(self, store: Store, people: People) -> None:
        users = populate(store, people)
        for event_filter in (EVERYTHING, EventFilter(user_id=users[1].id), EventFilter(types=[OPENED, UPDATED])):
            everything = list(store.history.by_aggregate(event_filter, limit=100, after=None))
            keys = [key_of(entry) for entry in everything]
            for key in set(keys):
                behind = everything[len(keys) - keys[::-1].index(key) :]
                assert list(store.history.by_aggregate(event_filter, limit=100, after=key)) == behind

    def test_it_is_the_same_for_every_handle_and_nothing_before_its_commit(
        self, store: Store, another: Store, people: People
    ) -> None:
        user = people.user()
        with store.unit_of_work() as uow:
            uow.users.add(user)
            assert store.history.count(EVERYTHING) == another.history.count(EVERYTHING) == 0
            uow.commit()
        (entry,) = another.history.page(EVERYTHING, limit=100, after=None)
        assert store.history.find(entry.id) == entry

    def test_what_a_reader_does_to_an_entry_does_not_reach_the_store(self, store: Store, people: People) -> None:
        save(store, people.user("anna"))
        (entry,) = store.history.page(EVERYTHING, limit=1, after=None)
        for found in (
            entry,
            store.history.find(entry.id),
            *store.history.by_aggregate(EVERYTHING, limit=1, after=None),
        ):
            assert found
            with suppress(TypeError):  # a store may as well give a mapping that cannot be changed
                cast("dict[str, Any]", found.data)["user_name"] = "mallory"
        (again,) = store.history.page(EVERYTHING, limit=1, after=None)
        assert again.data["user_name"] == "anna"


def by_id(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    """Return events by ascending id."""
    return sorted(entries, key=lambda entry: entry.id)
