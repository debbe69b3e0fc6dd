from datetime import timedelta
from uuid import UUID

import pytest

from hexaccount.accounts.user import User
from hexaccount.conformance.suites.audit import JournalAudit
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import (
    NOW,
    SUBSCRIBER,
    claim,
    dead_letter_all,
    sequences,
    user_with_events,
)
from hexaccount.conformance.suites.expired import remove_expired
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import journal_of, save
from hexaccount.events.ports import EventFilter, JournalKey
from hexaccount.retention.apply_retention import HANDLED_EVENTS
from hexaccount.store_kit.store import Store

MANY = 9
"""How many rows stand before those that a call selects: more than the limit of any of these calls."""


class PageLimitsContract(ContractSuite):
    """A limit counts what a call returns or removes, never what it reads and leaves out."""

    @pytest.fixture
    def later_user(self, store: Store, factory: Factory) -> User:
        """Return a user of two events, which come after many of another user."""
        user_with_events(store, factory, MANY)
        return user_with_events(store, factory, 2)

    def test_a_page_of_history_counts_only_events_of_its_account(self, store: Store, later_user: User) -> None:
        found = store.history.page(EventFilter(user_id=later_user.id), limit=2, after=None)
        assert list(found) == list(journal_of(store, later_user))

    def test_a_page_of_history_counts_only_events_of_its_types(
        self, store: Store, factory: Factory, later_user: User
    ) -> None:
        save(store, profile := factory.profile(later_user.id))
        (created,) = journal_of(store, profile)
        chosen = EventFilter(types=[created.type])
        assert list(store.history.page(chosen, limit=1, after=None)) == [created]
        assert list(store.history.page(chosen, limit=1, after=created.id)) == []

    def test_a_page_by_aggregate_counts_only_events_of_its_types(
        self, store: Store, factory: Factory, later_user: User
    ) -> None:
        users = [later_user, *(user_with_events(store, factory, 2) for _ in range(2))]
        disabled = {user.id: journal_of(store, user)[1] for user in users}
        chosen = EventFilter(types=[disabled[later_user.id].type], first=disabled[later_user.id].id)
        found: list[JournalKey] = []
        while page := store.history.by_aggregate(chosen, limit=1, after=found[-1] if found else None):
            assert list(page) == [disabled[page[0].aggregate_id]]
            found.append((page[0].aggregate, page[0].aggregate_id))
        assert {user_id for _, user_id in found} == disabled.keys()

    def test_a_page_of_dead_letters_counts_only_those_of_its_subscriber(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, MANY)
        dead_letter_all(store, SUBSCRIBER)
        store.outbox.subscribe("another", ["*"])
        user_with_events(store, factory, 2)
        dead_letter_all(store, "another")
        found = store.dead_letters.page(limit=2, after=None, subscriber="another")
        assert [(each.subscriber, each.entry.sequence) for each in found] == [("another", 1), ("another", 2)]

    def test_a_backlog_counts_pending_deliveries_behind_dead_letters(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, MANY)
        dead_letter_all(store, SUBSCRIBER)
        user = user_with_events(store, factory, 2)
        backlog = store.outbox.backlog(SUBSCRIBER, limit=3)
        assert (backlog.pending, backlog.dead_letters) == (2, 3)
        assert backlog.oldest == journal_of(store, user)[0].id

    @pytest.mark.parametrize("before", ["dead letters", "retried later", "claimed", "of another subscriber"])
    def test_a_claim_counts_only_deliveries_that_are_due(self, store: Store, factory: Factory, before: str) -> None:
        """What cannot be claimed now, however much of it there is, holds up no other aggregate."""
        store.outbox.subscribe("another" if before == "of another subscriber" else SUBSCRIBER, ["*"])
        for _ in range(MANY):
            user_with_events(store, factory, MANY)
        for delivery in claim(store, limit=MANY * MANY) if before != "of another subscriber" else []:
            if before == "dead letters":
                store.outbox.dead_letter(delivery, error="no")
            elif before == "retried later" and delivery.entry.sequence == 1:
                store.outbox.retry_later(delivery, until=NOW + timedelta(hours=1), error="not now")
            elif before == "retried later":
                store.outbox.release([delivery])
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user = user_with_events(store, factory, 2)
        assert sequences(claim(store, limit=2), user.id) == [1, 2]

    def test_unsubscribing_counts_only_deliveries_of_that_subscriber(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe("another", ["*"])
        user_with_events(store, factory, MANY)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        user_with_events(store, factory, 2)
        assert [store.subscriptions.unsubscribe(SUBSCRIBER, limit=2) for _ in range(2)] == [2, 0]

    def test_retention_counts_only_records_that_have_expired(
        self, store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        user = factory.user()
        live = [factory.session(user, lifetime=timedelta(days=2)) for _ in range(MANY)]
        save(store, user, *live, *(factory.session(user) for _ in range(3)))
        audit.sessions_removed_before = before = factory.now() + timedelta(days=1)
        assert [remove_expired(store, "ended_sessions", before=before, limit=2) for _ in range(3)] == [2, 1, 0]

    def test_retention_counts_only_inbox_entries_that_may_be_removed(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        pending = journal_of(store, user_with_events(store, factory, MANY))
        last = max(entry.id for entry in pending)  # what may be removed is found behind what may not
        handled = [UUID(int=last.int + n) for n in range(1, 4)]
        with store.unit_of_work() as uow:
            for event_id in (*(entry.id for entry in pending), *handled):
                uow.inbox.add(SUBSCRIBER, event_id)
            uow.commit()
        late = NOW + timedelta(days=99_999)
        assert [remove_expired(store, HANDLED_EVENTS, before=late, limit=2) for _ in range(3)] == [2, 1, 0]
