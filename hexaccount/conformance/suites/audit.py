"""Checks after each test that every stored aggregate equals the fold of its journal."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.names import UserName
from hexaccount.accounts.profiles import PROFILES, Profiles
from hexaccount.accounts.users import USERS
from hexaccount.conformance.suites.factory import Factory
from hexaccount.conformance.suites.transactions import all_events, all_users
from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventsUnitOfWork
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.records import RecordType
from hexaccount.mail.one_time_tokens import ONE_TIME_TOKENS
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import SESSIONS, Sessions
from hexaccount.store_kit.store import Store

_AUDITOR = "contract-audit"
_LIMIT = 500
# Later than any time at which a test claims.
_LATE = datetime(2200, 1, 1, tzinfo=UTC)
# Earlier than the end of any session of a test.
_EARLY = datetime(2000, 1, 1, tzinfo=UTC)
_AUDITED: Sequence[RecordType[Any]] = (USERS, SESSIONS, PROFILES, ONE_TIME_TOKENS)


class JournalAudit:
    """Subscribes to every event at the start of the test, and so knows every journal.

    It uses only the ports of a store, and also finds an event without a delivery. A test adds the ids of events that it
    removes to `removed`: with these, what was delivered still folds to the stored state.
    """

    def __init__(self, factory: Factory) -> None:
        self.has_started = False
        self.sessions_removed_before: datetime | None = None
        self.removed: set[UUID] = set()
        self._people = factory
        self._delivered: dict[tuple[str, UUID], list[JournalEntry]] = {}

    def start(self, store: Store) -> None:
        store.outbox.subscribe(_AUDITOR, ["*"])
        self.has_started = True

    def journals(self, store: Store) -> dict[tuple[str, UUID], list[JournalEntry]]:
        """Claim and acknowledge all deliveries of the audit, and return all events so far by aggregate."""
        while claimed := store.outbox.claim(_AUDITOR, limit=1000, now=_LATE, lease=timedelta(days=1)).deliveries:
            for delivery in claimed:
                entries = self._delivered.setdefault((delivery.entry.aggregate, delivery.entry.aggregate_id), [])
                assert delivery.entry.sequence > len(entries), "an acknowledged delivery was claimed again"
                entries.append(delivery.entry)
            store.outbox.acknowledge(claimed)
        return self._delivered

    def check(self, store: Store) -> None:
        """Compare each journal with the deliveries and the stored aggregate, and find aggregates without a journal."""
        journals = self.journals(store)
        ids = [entry.id for entries in journals.values() for entry in entries]
        assert len(set(ids)) == len(ids), "two events have one id"
        with store.unit_of_work() as uow:
            prefetch(uow, journals)
            for (kind, aggregate_id), delivered in journals.items():
                entries = list(uow.journal.of(kind, aggregate_id))
                stored = find(uow, kind, aggregate_id)
                kept = [entry for entry in delivered if entry.id not in self.removed]
                assert kept == entries, f"the deliveries of the {kind} {aggregate_id} differ from its journal"
                if kind == "session" and stored is None and self.sessions_removed_before is not None:
                    check_end(delivered, before=self.sessions_removed_before)
                else:
                    check_fold(stored, delivered)
        self._check_for_aggregates_without_a_journal(store, journals.keys())

    def _check_for_aggregates_without_a_journal(self, store: Store, audited: Collection[tuple[str, UUID]]) -> None:
        found = {(entry.aggregate, entry.aggregate_id) for entry in all_events(store)}
        users, made = all_users(store), self._people.ids[-_LIMIT:]
        with store.unit_of_work() as uow:
            prefetch(uow, [*(("profile", user.id) for user in users), *(("session", each) for each in made)])
            for user in users:
                found.add(("user", user.id))
                live = Sessions(uow).live_of(user, now=_EARLY, limit=_LIMIT, after=None)
                found |= {("session", session.id) for session in live}
                if Profiles(uow).find(user.id) is not None:
                    found.add(("profile", user.id))
            found |= {("session", each) for each in made if Sessions(uow).find(each) is not None}
        for kind, aggregate_id in found - set(audited):
            raise AssertionError(f"no event of the {kind} {aggregate_id} was delivered")


def check_fold(stored: Aggregate | None, entries: list[JournalEntry]) -> None:
    """Compare a stored aggregate with the fold of its journal, what is outside events excluded."""
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1)), "a journal has gaps"
    assert stored is not None, f"{entries[0].aggregate} {entries[0].aggregate_id} has a journal and no state"
    folded = type(stored).fold([from_entry(entry) for entry in entries])
    assert history_of(stored) == history_of(folded)


def check_end(entries: list[JournalEntry], *, before: datetime) -> None:
    """Check that a removed session had ended before the cutoff."""
    session = Session.fold([from_entry(entry) for entry in entries])
    ends = [end for end in (session.closed_at, session.idle_until) if end is not None]
    assert min(ends) < before, f"the session {session.id} was removed before its end"


def state_of(aggregate: Aggregate) -> dict[str, object]:
    """Return the fields with their types, so that no difference of type or spelling is missed."""
    values = {field.name: getattr(aggregate, field.name) for field in fields(aggregate) if field.name != "pending"}
    return {name: (type(value), _exactly(value)) for name, value in values.items()}


def history_of(aggregate: Aggregate) -> dict[str, object]:
    """Return the fields that follow from events."""
    return {name: value for name, value in state_of(aggregate).items() if name not in aggregate.outside_events}


def prefetch(uow: EventsUnitOfWork, aggregates: Collection[tuple[str, UUID]]) -> None:
    """Read those of each kind at once, so that `find` need not read them one by one."""
    for record_type in _AUDITED:
        if ids := [aggregate_id for kind, aggregate_id in aggregates if kind == record_type.kind]:
            uow.records(record_type).prefetch(ids)


def find(uow: EventsUnitOfWork, kind: str, aggregate_id: UUID) -> Aggregate | None:
    record_type = next(each for each in _AUDITED if each.kind == kind)
    found: Aggregate | None = uow.records(record_type).get(aggregate_id)
    return found


def _exactly(value: object) -> object:
    match value:
        case datetime():
            assert value.utcoffset() == timedelta(0), f"{value!r} is not in UTC"
            return value
        case UserName() | EmailAddress():
            return (value.text, value.key)
        case _:
            return value
