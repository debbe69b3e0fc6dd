from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from threading import Event
from uuid import UUID

import pytest

from hexaccount.conformance.suites.adjustable_clock import AdjustableClock
from hexaccount.conformance.suites.audit import JournalAudit
from hexaccount.conformance.suites.on_a_bus import PASSWORD, bus_parts, registration
from hexaccount.conformance.suites.owing import A_MOMENT, NOW, SUBSCRIBER, claim
from hexaccount.conformance.suites.people import BEGINNING, People
from hexaccount.conformance.suites.races import race
from hexaccount.conformance.suites.storing import journal_of, save, session_of, user_of
from hexaccount.conformance.suites.subject import ContractSuite
from hexaccount.events.ports import AlreadyHandled
from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.passwords.log_in import LogIn
from hexaccount.retention.apply_retention import ApplyRetention
from hexaccount.retention.ports import ExpiredKind
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.refresh_session import RefreshSession
from hexaccount.sessions.refresh_token import digest_of
from hexaccount.sessions.session import Session
from hexaccount.store_kit.store import Store
from hexaccount_system import SystemClock

HOUR = timedelta(hours=1)
# People's sessions begin within a second of this.
ENDED = BEGINNING + 2 * HOUR


class RetentionStoreContract(ContractSuite):
    """What nobody will ask for again goes, a little at a time; what somebody may ask for, and history, stay."""

    def test_sessions_go_once_they_were_closed_or_have_expired_before_the_moment(
        self, store: Store, another: Store, people: People, audit: JournalAudit
    ) -> None:
        user = people.user()
        at = BEGINNING
        expired = people.session(user, at=at, lifetime=HOUR - A_MOMENT)
        expires_then = people.session(user, at=at, lifetime=HOUR)
        closed = people.session(user, at=at, lifetime=9 * HOUR)
        closed.close(at + HOUR - A_MOMENT)
        closed_then = people.session(user, at=at, lifetime=9 * HOUR)
        closed_then.close(at + HOUR)
        live = people.session(user, at=at, lifetime=9 * HOUR)
        sessions = [expired, expires_then, closed, closed_then, live]
        save(store, user, *sessions)
        assert self.clear_sessions(another, audit, before=at + HOUR) == 2
        assert [session_of(store, session.id) is None for session in sessions] == [True, False, True, False, False]
        assert self.clear_sessions(store, audit, before=at + HOUR + A_MOMENT) == 2
        assert self.clear_sessions(store, audit, before=at + 9 * HOUR) == 0
        assert session_of(store, live.id) is not None
        assert user_of(store, user.id).version == 1

    def test_the_journal_of_a_cleared_session_stays(self, store: Store, people: People, audit: JournalAudit) -> None:
        session = self.ended_sessions(store, people, 1)[0]
        before = journal_of(store, session)
        assert self.clear_sessions(store, audit) == 1
        assert journal_of(store, session) == before
        assert len(before) == 1

    def test_a_call_removes_no_more_than_its_limit(self, store: Store, people: People, audit: JournalAudit) -> None:
        self.ended_sessions(store, people, 7)
        for session in self.ended_sessions(store, people, 3, lifetime=9 * HOUR):
            with store.unit_of_work() as uow:
                open_one = uow.sessions.find(session.id)
                assert open_one is not None
                open_one.close(BEGINNING + HOUR)
                uow.commit()
        assert [self.clear_sessions(store, audit, limit=4) for _ in range(4)] == [4, 4, 2, 0]

    def test_the_token_of_a_cleared_session_is_refused(self, store: Store, audit: JournalAudit) -> None:
        clock = AdjustableClock(NOW)
        with bus_parts() as parts:
            bus = parts.bus_on(store, clock=clock)
            bus.handle(registration("juliet"))
            old = bus.handle(LogIn(user_name="juliet", password=PASSWORD))
            clock.advance(days=30, hours=1)
            young = bus.handle(LogIn(user_name="juliet", password=PASSWORD))
            clock.advance(minutes=30)
            assert bus.handle(ApplyRetention()).removed[ExpiredKind.ENDED_SESSIONS] == 0
            assert session_of(store, old.session_id) is not None
            clock.advance(minutes=29)
            bus.handle(ApplyRetention())
            assert bus.handle(Authenticate(token=young.token)).session_id == young.session_id
            clock.advance(minutes=1, milliseconds=1)
            audit.sessions_cleared_before = clock.now() - timedelta(days=30)
            purged = bus.handle(ApplyRetention())
            kinds = (ExpiredKind.TOKENS_OF_ENDED_SESSIONS, ExpiredKind.ENDED_SESSIONS)
            assert ([purged.removed[kind] for kind in kinds], purged.finished) == ([1, 1], True)
            assert session_of(store, old.session_id) is None
            clock.advance(days=-30, hours=-2)
            with pytest.raises(NotAuthenticated):
                bus.handle(Authenticate(token=old.token))
            with pytest.raises(InvalidRefreshToken):
                bus.handle(RefreshSession(refresh=old.refresh))

    def test_a_spent_token_loses_its_salt_after_the_grace_and_goes_later(
        self, store: Store, another: Store, people: People
    ) -> None:
        clock = AdjustableClock(NOW)
        with bus_parts() as parts:
            bus = parts.bus_on(store, clock=clock)
            bus.handle(registration("juliet"))
            first, other = (bus.handle(LogIn(user_name="juliet", password=PASSWORD)) for _ in range(2))
            second, following = (bus.handle(RefreshSession(refresh=login.refresh)) for login in (first, other))
            clock.advance(seconds=10)
            assert bus.handle(ApplyRetention()).removed[ExpiredKind.TOKEN_SALTS] == 0
            clock.advance(milliseconds=1)
            assert bus.handle(ApplyRetention()).removed[ExpiredKind.TOKEN_SALTS] == 2
            with store.unit_of_work() as uow:
                found = uow.sessions.find_by_token(digest_of(first.refresh))
            assert found
            assert (found[0].salt, found[0].spent_at) == (None, NOW)
            with pytest.raises(InvalidRefreshToken):
                bus.handle(RefreshSession(refresh=first.refresh))
            stored = session_of(store, first.session_id)
            assert stored
            assert stored.closed_at is not None
            clear = partial(another.retention_store.clear, ExpiredKind.SPENT_TOKENS, limit=10)
            assert [clear(before=moment) for moment in (NOW, NOW + A_MOMENT, NOW + HOUR)] == [0, 2, 0]
            assert bus.handle(RefreshSession(refresh=following.refresh)).session_id == other.session_id
            with pytest.raises(InvalidRefreshToken):
                bus.handle(RefreshSession(refresh=second.refresh))

    def test_requests_go_once_they_have_expired(self, store: Store, another: Store) -> None:
        moments = [NOW, NOW + A_MOMENT, NOW + HOUR]
        for number, expires_at in enumerate(moments):
            with store.unit_of_work() as uow:
                request = IdempotencyRecord(
                    key=f"key {number}", fingerprint="this", claimed_until=NOW, expires_at=expires_at
                )
                uow.idempotency_records.claim(request, now=NOW - HOUR)
        left = []
        for before in (NOW, NOW + A_MOMENT, NOW + HOUR):
            another.retention_store.clear(ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS, before=before, limit=10)
            with store.unit_of_work() as uow:
                left.append([uow.idempotency_records.find(f"key {number}") is not None for number in range(3)])
        assert left == [[True] * 3, [False, True, True], [False, False, True]]

    def test_notes_of_handled_events_go_by_the_age_of_the_event(self, store: Store, another: Store) -> None:
        old, young = id_at(NOW - A_MOMENT), id_at(NOW)
        self.note(store, [old, young], "first", "second")
        assert self.clear_notes(another) == 2
        for subscriber in ("first", "second"):
            self.note(store, [old], subscriber)
            with pytest.raises(AlreadyHandled):
                self.note(store, [young], subscriber)

    def test_a_note_stays_while_its_event_is_owed_to_that_subscriber(self, store: Store, people: People) -> None:
        store.outbox.subscribe("owed", ["*"])
        store.outbox.subscribe("set aside", ["*"])
        save(store, people.user())
        (delivery,), (given_up,) = claim(store, "owed"), claim(store, "set aside")
        store.outbox.dead_letter(given_up, error="broken")
        event_id = delivery.entry.id
        self.note(store, [event_id], "owed", "set aside", "no longer there")
        later = SystemClock().now() + HOUR
        assert self.clear_notes(store, before=later) == 1
        self.note(store, [event_id], "no longer there")
        store.outbox.acknowledge([delivery])
        assert self.clear_notes(store, before=later) == 2
        with pytest.raises(AlreadyHandled):
            self.note(store, [event_id], "set aside")

    def test_notes_go_in_batches_whoever_has_written_them(self, store: Store) -> None:
        events = [id_at(NOW - HOUR, number) for number in range(5)]
        self.note(store, events, "first", "second", "third")
        assert [self.clear_notes(store, limit=6) for _ in range(4)] == [6, 6, 3, 0]

    def test_a_delivery_that_succeeded_leaves_nothing_to_clear(self, store: Store, people: People) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, people.user())
        store.outbox.acknowledge(claim(store))
        assert list(claim(store, now=NOW + timedelta(days=999))) == []
        assert store.dead_letters.page(limit=10, after=None) == []
        self.clear_everything(store)

    def test_two_purgers_remove_each_leftover_once(
        self, store: Store, another: Store, people: People, audit: JournalAudit
    ) -> None:
        self.ended_sessions(store, people, 60)
        events = [id_at(NOW - HOUR, number) for number in range(60)]
        self.note(store, events, "first")

        def remove(handle: Store) -> tuple[int, int]:
            sessions = notes = 0
            for _ in range(20):
                sessions += self.clear_sessions(handle, audit, limit=7)
                notes += self.clear_notes(handle, limit=7)
            return sessions, notes

        removed = race(*(partial(remove, handle) for handle in (store, another) * 2))
        assert [sum(counts) for counts in zip(*removed, strict=True)] == [60, 60]

    def test_purging_beside_relays_at_work_leaves_the_note_of_every_event_that_is_still_owed(
        self, store: Store, another: Store, people: People
    ) -> None:
        store.outbox.subscribe(SUBSCRIBER, ["*"])
        save(store, *(people.user() for _ in range(60)))
        tomorrow = SystemClock().now() + timedelta(days=1)
        done = Event()

        def deliver(handle: Store) -> int:
            refused = 0
            while deliveries := claim(handle, limit=3):
                for delivery in deliveries:
                    self.note(handle, [delivery.entry.id], SUBSCRIBER)
                for delivery in deliveries:
                    with pytest.raises(AlreadyHandled):
                        self.note(handle, [delivery.entry.id], SUBSCRIBER)
                    refused += 1
                handle.outbox.acknowledge(deliveries)
            return refused

        def deliver_in_both() -> int:
            try:
                return sum(race(partial(deliver, store), partial(deliver, another)))
            finally:
                done.set()

        def purge_all_the_time() -> int:
            removed = 0
            while not done.is_set():
                removed += self.clear_notes(another, before=tomorrow, limit=5)
            return removed + self.clear_notes(another, before=tomorrow)

        assert race(deliver_in_both, purge_all_the_time) == [60, 60]

    def test_nothing_is_removed_from_a_store_that_is_only_young(self, store: Store, people: People) -> None:
        user = people.user()
        session = people.session(user)
        save(store, user, session, people.profile(user.id))
        for kind in ExpiredKind:
            assert store.retention_store.clear(kind, before=BEGINNING, limit=10) == 0
        assert session_of(store, session.id) is not None

    @staticmethod
    def ended_sessions(store: Store, people: People, number: int, *, lifetime: timedelta = HOUR) -> list[Session]:
        """Commit sessions that are at their end."""
        user = people.user()
        sessions = [people.session(user, lifetime=lifetime) for _ in range(number)]
        save(store, user, *sessions)
        return sessions

    @staticmethod
    def clear_sessions(store: Store, audit: JournalAudit, *, before: datetime = ENDED, limit: int = 100) -> int:
        """Remove sessions, and let the audit know."""
        audit.sessions_cleared_before = max(audit.sessions_cleared_before or before, before)
        return store.retention_store.clear(ExpiredKind.ENDED_SESSIONS, before=before, limit=limit)

    @staticmethod
    def clear_notes(store: Store, *, before: datetime = NOW, limit: int = 100) -> int:
        """Remove notes of handled events."""
        return store.retention_store.clear(ExpiredKind.HANDLED_EVENTS, before=before, limit=limit)

    @staticmethod
    def clear_everything(store: Store) -> None:
        """See that there is nothing to remove of any kind, at any time."""
        for kind in ExpiredKind:
            assert store.retention_store.clear(kind, before=NOW + timedelta(days=999), limit=10) == 0

    @staticmethod
    def note(store: Store, event_ids: Iterable[UUID], *subscribers: str) -> None:
        """Commit that events were handled by these subscribers."""
        with store.unit_of_work() as uow:
            for event_id in event_ids:
                for subscriber in subscribers:
                    uow.inbox.add(subscriber, event_id)
            uow.commit()


def id_at(moment: datetime, number: int = 0) -> UUID:
    """Return an identifier that was made at a moment."""
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | number)
