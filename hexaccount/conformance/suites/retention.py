from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from uuid import UUID

import pytest

from hexaccount.conformance.suites.audit import JournalAudit
from hexaccount.conformance.suites.contract_suite import ContractSuite
from hexaccount.conformance.suites.deliveries import MILLISECOND, NOW, SUBSCRIBER, claim
from hexaccount.conformance.suites.expired import KINDS, remove_expired
from hexaccount.conformance.suites.factory import START, Factory
from hexaccount.conformance.suites.message_buses import PASSWORD, open_bus_factory, registration
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.transactions import find_session, journal_of, save, session_of, user_of
from hexaccount.events.ports import AlreadyHandled
from hexaccount.idempotency.idempotency_records import IdempotencyRecord, IdempotencyRecords, claim_key
from hexaccount.kernel.clock import CLOCKS_APART
from hexaccount.passwords.log_in import LogIn
from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.sessions.refresh_token import digest_of
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_system import SystemClock

HOUR = timedelta(hours=1)
# The sessions of the factory start within a second of START.
ENDED = START + 2 * HOUR


class RetentionStoreContract(ContractSuite):
    """Retention removes expired data in batches, and keeps journals and data in use."""

    def test_sessions_that_were_closed_or_expired_before_the_cutoff_are_removed(
        self, store: Store, other_store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        user = factory.user()
        at = START
        expired = factory.session(user, at=at, lifetime=HOUR - MILLISECOND)
        expires_then = factory.session(user, at=at, lifetime=HOUR)
        closed = factory.session(user, at=at, lifetime=9 * HOUR)
        closed.close(at + HOUR - MILLISECOND)
        closed_then = factory.session(user, at=at, lifetime=9 * HOUR)
        closed_then.close(at + HOUR)
        live = factory.session(user, at=at, lifetime=9 * HOUR)
        sessions = [expired, expires_then, closed, closed_then, live]
        save(store, user, *sessions)
        assert self.remove_sessions(other_store, audit, before=at + HOUR) == 2
        assert [find_session(store, session.id) is None for session in sessions] == [True, False, True, False, False]
        assert self.remove_sessions(store, audit, before=at + HOUR + MILLISECOND) == 2
        assert self.remove_sessions(store, audit, before=at + 9 * HOUR) == 0
        assert find_session(store, live.id) is not None
        assert user_of(store, user.id).version == 1

    def test_the_journal_of_a_removed_session_stays(self, store: Store, factory: Factory, audit: JournalAudit) -> None:
        session = self.ended_sessions(store, factory, 1)[0]
        before = journal_of(store, session)
        assert self.remove_sessions(store, audit) == 1
        assert journal_of(store, session) == before
        assert len(before) == 1

    def test_a_call_removes_no_more_than_its_limit(self, store: Store, factory: Factory, audit: JournalAudit) -> None:
        self.ended_sessions(store, factory, 7)
        for session in self.ended_sessions(store, factory, 3, lifetime=9 * HOUR):
            with store.unit_of_work() as uow:
                found = Sessions(uow).find(session.id)
                assert found is not None
                found.close(START + HOUR)
                uow.commit()
        assert [self.remove_sessions(store, audit, limit=4) for _ in range(4)] == [4, 4, 2, 0]

    def test_the_tokens_of_a_removed_session_are_refused(self, store: Store, audit: JournalAudit) -> None:
        clock = AdjustableClock(NOW)
        with open_bus_factory() as bus_factory:
            bus = bus_factory.create_bus(store, clock=clock)
            bus.handle(registration("juliet"))
            old = bus.handle(LogIn(user_name="juliet", password=PASSWORD))
            clock.advance(days=30, hours=1, minutes=2)
            recent = bus.handle(LogIn(user_name="juliet", password=PASSWORD))
            clock.advance(minutes=30)
            assert bus.handle(ApplyRetention()).removed["ended_sessions"] == 0
            assert find_session(store, old.session_id) is not None
            clock.advance(minutes=29)
            bus.handle(ApplyRetention())
            assert bus.handle(Authenticate(token=recent.token)).session_id == recent.session_id
            clock.advance(minutes=1, milliseconds=1)
            audit.sessions_removed_before = clock.now() - CLOCKS_APART - timedelta(days=30)
            result = bus.handle(ApplyRetention())
            kinds = ("tokens_of_ended_sessions", "ended_sessions")
            assert ([result.removed[kind] for kind in kinds], result.finished) == ([1, 1], True)
            assert find_session(store, old.session_id) is None
            clock.advance(days=-30, hours=-2)
            with pytest.raises(NotAuthenticated):
                bus.handle(Authenticate(token=old.token))
            with pytest.raises(InvalidRefreshToken):
                bus.handle(RefreshSession(refresh=old.refresh))

    def test_a_spent_token_loses_its_salt_after_the_grace_and_is_removed_later(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        clock = AdjustableClock(NOW)
        with open_bus_factory() as bus_factory:
            bus = bus_factory.create_bus(store, clock=clock)
            bus.handle(registration("juliet"))
            first, other = (bus.handle(LogIn(user_name="juliet", password=PASSWORD)) for _ in range(2))
            second, following = (bus.handle(RefreshSession(refresh=login.refresh)) for login in (first, other))
            clock.advance(minutes=2, seconds=10)
            assert bus.handle(ApplyRetention()).removed["token_salts"] == 0
            clock.advance(milliseconds=1)
            assert bus.handle(ApplyRetention()).removed["token_salts"] == 2
            with store.unit_of_work() as uow:
                found = Sessions(uow).find_by_token(digest_of(first.refresh))
            assert found
            assert (found[0].salt, found[0].spent_at) == (None, NOW)
            with pytest.raises(InvalidRefreshToken):
                bus.handle(RefreshSession(refresh=first.refresh))
            assert session_of(store, first.session_id).closed_at is not None
            clear = partial(remove_expired, other_store, "spent_tokens", limit=10)
            assert [clear(before=moment) for moment in (NOW, NOW + MILLISECOND, NOW + HOUR)] == [0, 2, 0]
            assert bus.handle(RefreshSession(refresh=following.refresh)).session_id == other.session_id
            with pytest.raises(InvalidRefreshToken):
                bus.handle(RefreshSession(refresh=second.refresh))

    def test_expired_idempotency_records_are_removed(self, store: Store, other_store: Store) -> None:
        moments = [NOW, NOW + MILLISECOND, NOW + HOUR]
        for number, expires_at in enumerate(moments):
            with store.unit_of_work() as uow:
                record = IdempotencyRecord(
                    key=f"key {number}", fingerprint="this", claimed_until=NOW, expires_at=expires_at
                )
                claim_key(record, store.unit_of_work, now=NOW - HOUR)
        remaining = []
        for before in (NOW, NOW + MILLISECOND, NOW + HOUR):
            remove_expired(other_store, "expired_idempotency_records", before=before, limit=10)
            with store.unit_of_work() as uow:
                remaining.append([IdempotencyRecords(uow).find(f"key {number}") is not None for number in range(3)])
        assert remaining == [[True] * 3, [False, True, True], [False, False, True]]

    def test_inbox_entries_are_removed_by_the_age_of_the_event(self, store: Store, other_store: Store) -> None:
        old, recent = id_at(NOW - MILLISECOND), id_at(NOW)
        self.mark_handled(store, [old, recent], "first", "second")
        assert self.remove_inbox_entries(other_store) == 2
        for subscriber in ("first", "second"):
            self.mark_handled(store, [old], subscriber)
            with pytest.raises(AlreadyHandled):
                self.mark_handled(store, [recent], subscriber)

    def test_an_inbox_entry_stays_while_its_event_is_pending_for_that_subscriber(
        self, store: Store, factory: Factory
    ) -> None:
        store.outbox.subscribe("pending", ["*"])
        store.outbox.subscribe("dead letter", ["*"])
        save(store, factory.user())
        (delivery,), (dead_lettered,) = claim(store, "pending"), claim(store, "dead letter")
        store.outbox.dead_letter(dead_lettered, error="broken")
        event_id = delivery.entry.id
        self.mark_handled(store, [event_id], "pending", "dead letter", "unsubscribed")
        later = SystemClock().now() + HOUR
        assert self.remove_inbox_entries(store, before=later) == 1
        self.mark_handled(store, [event_id], "unsubscribed")
        store.outbox.acknowledge([delivery])
        assert self.remove_inbox_entries(store, before=later) == 2
        with pytest.raises(AlreadyHandled):
            self.mark_handled(store, [event_id], "dead letter")

    def test_inbox_entries_of_all_subscribers_are_removed_in_batches(self, store: Store) -> None:
        events = [id_at(NOW - HOUR, number) for number in range(5)]
        self.mark_handled(store, events, "first", "second", "third")
        assert [self.remove_inbox_entries(store, limit=6) for _ in range(4)] == [6, 6, 3, 0]

    def test_an_acknowledged_delivery_leaves_nothing_to_remove(self, store: Store, factory: Factory) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, factory.user())
        store.outbox.acknowledge(claim(store))
        assert list(claim(store, now=NOW + timedelta(days=999))) == []
        assert store.dead_letters.page(limit=10, after=None) == []
        self.check_nothing_expired(store)

    def test_racing_workers_remove_each_expired_row_once(
        self, store: Store, other_store: Store, factory: Factory, audit: JournalAudit
    ) -> None:
        self.ended_sessions(store, factory, 60)
        events = [id_at(NOW - HOUR, number) for number in range(60)]
        self.mark_handled(store, events, "first")

        def remove(handle: Store) -> tuple[int, int]:
            sessions = entries = 0
            for _ in range(20):
                sessions += self.remove_sessions(handle, audit, limit=7)
                entries += self.remove_inbox_entries(handle, limit=7)
            return sessions, entries

        removed = race(*(partial(remove, handle) for handle in (store, other_store) * 2))
        assert [sum(counts) for counts in zip(*removed, strict=True)] == [60, 60]

    def test_retention_beside_running_relays_keeps_the_inbox_entry_of_every_pending_event(
        self, store: Store, other_store: Store, factory: Factory
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, *(factory.user() for _ in range(60)))
        tomorrow = SystemClock().now() + timedelta(days=1)
        done = Event()

        def deliver(handle: Store) -> int:
            refused = 0
            while deliveries := claim(handle, limit=3):
                for delivery in deliveries:
                    self.mark_handled(handle, [delivery.entry.id], SUBSCRIBER)
                for delivery in deliveries:
                    with pytest.raises(AlreadyHandled):
                        self.mark_handled(handle, [delivery.entry.id], SUBSCRIBER)
                    refused += 1
                handle.outbox.acknowledge(deliveries)
            return refused

        def deliver_on_both_handles() -> int:
            try:
                return sum(race(partial(deliver, store), partial(deliver, other_store)))
            finally:
                done.set()

        def remove_until_done() -> int:
            removed = 0
            while not done.is_set():
                removed += self.remove_inbox_entries(other_store, before=tomorrow, limit=5)
            return removed + self.remove_inbox_entries(other_store, before=tomorrow)

        assert race(deliver_on_both_handles, remove_until_done) == [60, 60]

    def test_nothing_is_removed_before_it_expires(self, store: Store, factory: Factory) -> None:
        user = factory.user()
        session = factory.session(user)
        save(store, user, session, factory.profile(user.id))
        for kind in KINDS:
            assert remove_expired(store, kind, before=START, limit=10) == 0
        assert find_session(store, session.id) is not None

    @staticmethod
    def ended_sessions(store: Store, factory: Factory, number: int, *, lifetime: timedelta = HOUR) -> list[Session]:
        user = factory.user()
        sessions = [factory.session(user, lifetime=lifetime) for _ in range(number)]
        save(store, user, *sessions)
        return sessions

    @staticmethod
    def remove_sessions(store: Store, audit: JournalAudit, *, before: datetime = ENDED, limit: int = 100) -> int:
        """Remove ended sessions, and notify the audit."""
        audit.sessions_removed_before = max(audit.sessions_removed_before or before, before)
        return remove_expired(store, "ended_sessions", before=before, limit=limit)

    @staticmethod
    def remove_inbox_entries(store: Store, *, before: datetime = NOW, limit: int = 100) -> int:
        return remove_expired(store, "handled_events", before=before, limit=limit)

    @staticmethod
    def check_nothing_expired(store: Store) -> None:
        """Check that nothing of any kind expires, at any time."""
        for kind in KINDS:
            assert remove_expired(store, kind, before=NOW + timedelta(days=999), limit=10) == 0

    @staticmethod
    def mark_handled(store: Store, event_ids: Iterable[UUID], *subscribers: str) -> None:
        with store.unit_of_work() as uow:
            for event_id in event_ids:
                for subscriber in subscribers:
                    uow.inbox.add(subscriber, event_id)
            uow.commit()


def id_at(moment: datetime, number: int = 0) -> UUID:
    """Return a UUIDv7 of this time."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | number)
