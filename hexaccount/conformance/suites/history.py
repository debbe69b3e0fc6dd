from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, cast

import pytest

from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import user_with_events
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import disable, journal_of, save
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.store_kit.store import Store

OPENED = "hexaccount.session.opened.v1"
DISABLED = "hexaccount.user.disabled.v1"
UPDATED = "hexaccount.profile.updated.v1"
EVERYTHING = EventFilter()


def populate(store: Store, factory: Factory) -> list[User]:
    """Commit three accounts, whose sessions and profiles change in turn."""
    users = [factory.user() for _ in range(3)]
    for user in users:
        save(store, user, factory.profile(user.id, bio="first"))
    for number in range(3):
        for user in users:
            save(store, factory.session(user))
            with store.unit_of_work() as uow:
                profile = Profiles(uow).find(user.id)
                assert profile
                profile.update({"bio": f"{number}"}, factory.now())
                uow.commit()
    disable(store, users[0].id, factory.now())
    return users


def key_of(entry: JournalEntry) -> JournalKey:
    return entry.aggregate, entry.aggregate_id


class HistoryContract(ContractSuite):
    """The history returns events by id, by account and by filter, each once and in order."""

    def test_an_event_found_by_its_id_equals_its_journal_entry(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        save(store, user, factory.profile(user.id, bio="\U0001f600 \u05e9\u05dc\u05d5\u05dd"))
        for aggregate in (user, factory.profile(user.id)):
            for entry in journal_of(store, aggregate):
                assert store.history.find(entry.id) == entry
        assert store.history.find(factory.new_id()) is None

    def test_the_history_of_an_account_holds_all_its_aggregates(self, store: Store, factory: Factory) -> None:
        user, *_ = populate(store, factory)
        found = store.history.page(EventFilter(user_id=user.id), limit=100, after=None)
        assert {entry.subject for entry in found} == {user.id}
        counted = {kind: sum(entry.aggregate == kind for entry in found) for kind in ("user", "session", "profile")}
        assert counted == {"user": 2, "session": 3, "profile": 5}
        for aggregate in (user, factory.profile(user.id)):
            assert [entry for entry in found if entry.aggregate == aggregate.kind] == list(journal_of(store, aggregate))

    def test_an_account_without_events_has_no_history(self, store: Store, factory: Factory) -> None:
        populate(store, factory)
        unknown = EventFilter(user_id=factory.new_id())
        assert list(store.history.page(unknown, limit=100, after=None)) == []
        assert list(store.history.by_aggregate(unknown, limit=100, after=None)) == []
        assert store.history.count(unknown) == 0

    @pytest.mark.parametrize("limit", [1, 2, 3, 7, 100])
    def test_pages_ascend_by_id_and_hold_each_event_once(self, store: Store, factory: Factory, limit: int) -> None:
        user, *_ = populate(store, factory)
        for event_filter, total in ((EventFilter(user_id=user.id), 10), (EVERYTHING, 28)):
            found: list[JournalEntry] = []
            while page := store.history.page(event_filter, limit=limit, after=found[-1].id if found else None):
                assert len(page) <= limit
                found += page
            assert len(found) == total
            assert all(one.id < other.id for one, other in pairwise(found))

    def test_a_filter_excludes_everything_that_it_does_not_name(self, store: Store, factory: Factory) -> None:
        users = populate(store, factory)
        everything = store.history.page(EVERYTHING, limit=100, after=None)
        first = everything[14]
        filters = [
            EventFilter(types=[OPENED]),
            EventFilter(types=[OPENED, DISABLED]),
            EventFilter(types=[]),
            EventFilter(first=first.id),
            EventFilter(below=first.id),
            EventFilter(first=everything[9].id, below=first.id),
            EventFilter(user_id=users[0].id, types=[UPDATED]),
            EventFilter(user_id=users[1].id, types=[UPDATED, DISABLED], first=first.id),
        ]
        for event_filter in filters:
            expected = [entry for entry in everything if event_filter.matches(entry)]
            assert list(store.history.page(event_filter, limit=100, after=None)) == expected
            after = [entry for entry in expected if entry.id > first.id]
            assert list(store.history.page(event_filter, limit=100, after=first.id)) == after
            assert by_id(store.history.by_aggregate(event_filter, limit=100, after=None)) == expected
            assert store.history.count(event_filter) == len(expected)
        assert [store.history.count(event_filter) for event_filter in filters] == [9, 10, 0, 14, 14, 5, 4, 2]

    def test_the_first_event_of_a_filter_is_included(self, store: Store, factory: Factory) -> None:
        user = user_with_events(store, factory, 5)
        third = journal_of(store, user)[2]
        found = store.history.page(EventFilter(first=third.id), limit=100, after=None)
        assert [entry.sequence for entry in found] == [3, 4, 5]

    @pytest.mark.parametrize("limit", [1, 2, 5, 28, 100])
    def test_by_aggregate_groups_events_by_aggregate_in_order_of_sequence(
        self, store: Store, factory: Factory, limit: int
    ) -> None:
        populate(store, factory)
        found = store.history.by_aggregate(EVERYTHING, limit=limit, after=None)
        everything = store.history.by_aggregate(EVERYTHING, limit=100, after=None)
        assert list(found) == list(everything)[:limit]
        assert by_id(everything) == list(store.history.page(EVERYTHING, limit=100, after=None))
        ends = [(key_of(one), key_of(other)) for one, other in pairwise(everything)]
        assert sum(one != other for one, other in ends) + 1 == len({key_of(entry) for entry in everything})
        assert all(
            one.sequence + 1 == other.sequence for one, other in pairwise(everything) if key_of(one) == key_of(other)
        )

    def test_by_aggregate_continues_after_any_aggregate(self, store: Store, factory: Factory) -> None:
        users = populate(store, factory)
        for event_filter in (EVERYTHING, EventFilter(user_id=users[1].id), EventFilter(types=[OPENED, UPDATED])):
            everything = list(store.history.by_aggregate(event_filter, limit=100, after=None))
            keys = [key_of(entry) for entry in everything]
            for key in set(keys):
                remaining = everything[len(keys) - keys[::-1].index(key) :]
                assert list(store.history.by_aggregate(event_filter, limit=100, after=key)) == remaining

    def test_every_handle_sees_the_same_history_and_nothing_before_its_commit(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        user = factory.user()
        with store.unit_of_work() as uow:
            Users(uow).add(user)
            assert store.history.count(EVERYTHING) == other_store.history.count(EVERYTHING) == 0
            uow.commit()
        (entry,) = other_store.history.page(EVERYTHING, limit=100, after=None)
        assert store.history.find(entry.id) == entry

    def test_changes_to_a_returned_entry_do_not_reach_the_store(self, store: Store, factory: Factory) -> None:
        save(store, factory.user("anna"))
        (entry,) = store.history.page(EVERYTHING, limit=1, after=None)
        for found in (
            entry,
            store.history.find(entry.id),
            *store.history.by_aggregate(EVERYTHING, limit=1, after=None),
        ):
            assert found
            with suppress(TypeError):  # a store may return an immutable mapping
                cast("dict[str, Any]", found.data)["user_name"] = "mallory"
        (again,) = store.history.page(EVERYTHING, limit=1, after=None)
        assert again.data["user_name"] == "anna"


def by_id(entries: Sequence[JournalEntry]) -> list[JournalEntry]:
    return sorted(entries, key=lambda entry: entry.id)
