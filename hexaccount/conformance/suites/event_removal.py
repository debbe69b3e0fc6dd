from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from hexaccount.conformance.suites.audit import JournalAudit
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import SUBSCRIBER, claim, user_with_events
from hexaccount.conformance.suites.expired import remove_expired
from hexaccount.conformance.suites.factory import START, Factory
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.transactions import disable, journal_of, save, user_of
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import Delivery, EventFilter
from hexaccount.sessions.session import SessionOpened
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock

ALL = EventFilter()


class EventRemovalContract(ContractSuite):
    """Events are removed from the journal one by one, once they are delivered, and can be put back."""

    def test_a_removed_event_is_gone_and_the_others_stay(
        self, store: Store, other_store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        user, others = user_with_events(store, factory, 4), user_with_events(store, factory, 2)
        entries = journal_of(store, user)
        assert self.remove(other_store, audit, entries[1:3]) == 2
        left = [entries[0], entries[3], *journal_of(store, others)]
        assert list(journal_of(store, user)) == left[:2]
        assert list(store.history.page(ALL, limit=10, after=None)) == sorted(left, key=lambda entry: entry.id)
        assert {entry.id for entry in store.history.by_aggregate(ALL, limit=10, after=None)} == {
            entry.id for entry in left
        }
        assert [store.history.find(entry.id) for entry in entries] == [entries[0], None, None, entries[3]]
        assert store.history.count(ALL) == 4

    def test_what_the_journal_lacks_is_not_removed(self, store: Store, factory: Factory, audit: JournalAudit) -> None:
        entries = journal_of(store, user_with_events(store, factory, 2))
        assert store.retention_store.remove_events([]) == 0
        assert store.retention_store.remove_events([factory.new_id()]) == 0
        assert [self.remove(store, audit, entries) for _ in range(2)] == [2, 0]

    def test_an_event_stays_while_it_is_pending(self, store: Store, factory: Factory, audit: JournalAudit) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        entries = journal_of(store, user_with_events(store, factory, 3))
        assert self.remove(store, audit, entries, expected=[]) == 0
        first, *_ = claim(store)
        assert self.remove(store, audit, entries, expected=[]) == 0
        store.outbox.acknowledge([first])
        assert self.remove(store, audit, entries, expected=entries[:1]) == 1
        assert [delivery.entry for delivery in claim(store, now=SystemClock().now() + timedelta(days=999))] == entries[
            1:
        ]

    def test_a_dead_letter_keeps_its_event(self, store: Store, factory: Factory, audit: JournalAudit) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        entries = journal_of(store, user_with_events(store, factory, 2))
        first, second = claim(store)
        store.outbox.dead_letter(first, error="broken")
        store.outbox.acknowledge([second])
        assert self.remove(store, audit, entries, expected=entries[1:]) == 1
        (dead,) = store.dead_letters.page(limit=10, after=None)
        assert dead.entry == entries[0]
        store.dead_letters.retry()
        assert [delivery.entry for delivery in claim(store)] == entries[:1]

    def test_a_sequence_is_never_given_twice(self, store: Store, factory: Factory, audit: JournalAudit) -> None:
        user = user_with_events(store, factory, 3)
        assert self.remove(store, audit, journal_of(store, user)) == 3
        assert list(journal_of(store, user)) == []
        disable(store, user.id, factory.now())
        assert [entry.sequence for entry in journal_of(store, user)] == [4]
        assert user_of(store, user.id).version == 4

    def test_restored_events_are_at_their_places_again(
        self, store: Store, other_store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        user = user_with_events(store, factory, 4)
        before = journal_of(store, user)
        self.remove(store, audit, before[:3])
        assert other_store.retention_store.restore_events([]) == 0
        assert other_store.retention_store.restore_events(before[1:]) == 2
        assert other_store.retention_store.restore_events(before) == 1
        assert other_store.retention_store.restore_events(before) == 0
        audit.removed.clear()
        assert journal_of(store, user) == before
        assert list(store.history.page(EventFilter(user_id=user.id), limit=10, after=None)) == list(before)
        assert store.history.count(ALL) == 4

    def test_restored_events_are_not_delivered(self, store: Store, factory: Factory, audit: JournalAudit) -> None:
        entries = journal_of(store, user_with_events(store, factory, 2))
        self.remove(store, audit, entries)
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        store.retention_store.restore_events(entries)
        audit.removed.clear()
        assert list(claim(store)) == []
        store.outbox.enqueue(SUBSCRIBER, entries)
        assert [delivery.entry for delivery in claim(store)] == list(entries)

    def test_a_removed_event_is_not_enqueued_and_holds_up_no_other(
        self, store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        entries = journal_of(store, user_with_events(store, factory, 3))
        self.remove(store, audit, entries[:2])
        store.outbox.enqueue(SUBSCRIBER, entries)
        claimed = claim(store)
        assert [delivery.entry for delivery in claimed] == list(entries[2:])
        store.outbox.acknowledge(claimed)
        assert store.outbox.backlog(SUBSCRIBER, limit=10).pending == 0

    def test_a_replay_beside_a_removal_leaves_no_delivery_without_its_event(
        self, store: Store, other_store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        users = [user_with_events(store, factory, 3) for _ in range(20)]
        journals = [journal_of(store, user) for user in users]
        audit.journals(store)

        def replay() -> None:
            for entries in journals:
                store.outbox.enqueue(SUBSCRIBER, entries)

        def remove() -> int:
            return sum(
                other_store.retention_store.remove_events([entry.id for entry in entries]) for entries in journals
            )

        race(replay, remove)
        stored = {entry.id for user in users for entry in journal_of(store, user)}
        audit.removed |= {entry.id for entries in journals for entry in entries} - stored
        delivered = [delivery for _ in range(60) for delivery in self.deliver(store)]
        assert {delivery.entry.id for delivery in delivered} == stored
        assert store.outbox.backlog(SUBSCRIBER, limit=10).pending == 0

    def test_racing_removals_remove_each_event_once(
        self, store: Store, other_store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        entries = [entry for _ in range(10) for entry in journal_of(store, user_with_events(store, factory, 3))]
        audit.journals(store)
        audit.removed |= {entry.id for entry in entries}
        handles = (store, other_store) * 2
        remove = [partial(handle.retention_store.remove_events, [entry.id for entry in entries]) for handle in handles]
        removed = sum(sum(race(*remove)) for _ in range(3))
        assert (removed, store.history.count(ALL)) == (30, 0)

    def test_events_of_a_session_expire_after_its_record(
        self, store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        user = factory.user()
        ended, live = (factory.session(user, at=START, lifetime=timedelta(hours=hours)) for hours in (1, 9))
        ended.close(START + timedelta(minutes=1))
        save(store, user, ended, live)
        audit.journals(store)
        now = SystemClock().now()
        assert self.expire(store, before=now + timedelta(days=1)) == 0
        audit.sessions_removed_before = START + timedelta(hours=2)
        assert remove_expired(store, "ended_sessions", before=audit.sessions_removed_before, limit=10) == 1
        assert self.expire(store, before=now - timedelta(days=1)) == 0
        audit.removed |= {entry.id for entry in journal_of(store, ended)}
        assert [self.expire(store, before=now + timedelta(days=1), limit=1) for _ in range(3)] == [1, 1, 0]
        assert list(journal_of(store, ended)) == []
        assert len(journal_of(store, live)) == 1
        assert len(journal_of(store, user)) == 1

    def test_kept_events_do_not_hide_later_ones_that_have_expired(
        self, store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        user = factory.user()
        save(store, user)
        for lifetime in (9, 9, 9, 1, 9, 1):
            save(store, factory.session(user, at=START, lifetime=timedelta(hours=lifetime)))
        opened = store.history.page(EventFilter(types=[SessionOpened.type]), limit=10, after=None)
        audit.journals(store)
        audit.sessions_removed_before = START + timedelta(hours=2)
        remove_expired(store, "ended_sessions", before=audit.sessions_removed_before, limit=10)
        audit.removed |= {opened[3].id, opened[5].id}
        assert self.expire(store, before=SystemClock().now() + timedelta(days=1), limit=2) == 2
        assert store.history.count(ALL) == 5

    @staticmethod
    def remove(
        store: Store,
        audit: JournalAudit,
        entries: Sequence[JournalEntry],
        *,
        expected: Sequence[JournalEntry] | None = None,
    ) -> int:
        """Remove events that the audit has received, and notify it of those that are expected to be removed."""
        audit.journals(store)
        audit.removed |= {entry.id for entry in (entries if expected is None else expected)}
        return store.retention_store.remove_events([entry.id for entry in entries])

    @staticmethod
    def expire(store: Store, *, before: datetime, limit: int = 100) -> int:
        return remove_expired(store, "expired_events", before=before, limit=limit)

    @staticmethod
    def deliver(store: Store) -> Sequence[Delivery]:
        claimed = claim(store)
        store.outbox.acknowledge(claimed)
        return claimed
