"""Is every stored aggregate what its journal tells? Asked after each test, of all aggregates there are."""

from collections.abc import Collection
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.errors import UserNotFound
from hexaccount.accounts.names import UserName
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.conformance.suites.people import People
from hexaccount.conformance.suites.storing import all_users
from hexaccount.events.event_codec import from_entry
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.sessions.session import Session
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork

_AUDITOR = "contract-audit"
_KINDS: dict[str, type[Aggregate]] = {"user": User, "session": Session, "profile": Profile}
_MANY = 500
_NOT_TOLD = {"pending", "password_hash"}
# Later than any moment that a test claims at.
_MUCH_LATER = datetime(2200, 1, 1, tzinfo=UTC)
# Earlier than any session that a test opens ends.
_MUCH_EARLIER = datetime(2000, 1, 1, tzinfo=UTC)


class JournalAudit:
    """Sees every journal, as it is a subscriber to which every event is owed from the beginning of the test.

    So it needs nothing of a store but its ports, and an event without its delivery does not escape it either.
    """

    def __init__(self, people: People) -> None:
        self.has_begun = False
        self.sessions_cleared_before: datetime | None = None
        self._people = people
        self._told: dict[tuple[str, UUID], list[JournalEntry]] = {}

    def begin(self, store: Store) -> None:
        """Have every event from now on owed to the audit."""
        store.outbox.subscribe(_AUDITOR, ["*"])
        self.has_begun = True

    def journals(self, store: Store) -> dict[tuple[str, UUID], list[JournalEntry]]:
        """Return the events of each aggregate, as they have been delivered to the audit."""
        while claimed := store.outbox.claim(_AUDITOR, limit=1000, now=_MUCH_LATER, lease=timedelta(days=1)):
            for delivery in claimed:
                told = self._told.setdefault((delivery.entry.aggregate, delivery.entry.aggregate_id), [])
                assert delivery.entry.sequence > len(told), "what was settled is claimed again"
                told.append(delivery.entry)
            store.outbox.acknowledge(claimed)
        return self._told

    def check(self, store: Store) -> None:
        """Compare each journal with what was delivered and with the stored aggregate, and look for others."""
        journals = self.journals(store)
        ids = [entry.id for entries in journals.values() for entry in entries]
        assert len(set(ids)) == len(ids), "two events have one id"
        with store.unit_of_work() as uow:
            for (kind, aggregate_id), delivered in journals.items():
                entries = list(uow.journal.of(kind, aggregate_id))
                stored = find(uow, kind, aggregate_id)
                assert delivered == entries, f"what was owed of the {kind} {aggregate_id} is not what its journal holds"
                if kind == "session" and stored is None and self.sessions_cleared_before is not None:
                    check_end(entries, before=self.sessions_cleared_before)
                else:
                    check_fold(stored, entries)
        self._check_that_nothing_is_without_a_journal(store, journals.keys())

    def _check_that_nothing_is_without_a_journal(self, store: Store, known: Collection[tuple[str, UUID]]) -> None:
        users = all_users(store)
        suspects = {user.id for user in users} | set(self._people.ids[-_MANY:])
        with store.unit_of_work() as uow:
            for user in users:
                live = uow.sessions.live_of(user, now=_MUCH_EARLIER, limit=_MANY, after=None)
                suspects |= {session.id for session in live}
            for kind, suspect in {(kind, suspect) for kind in _KINDS for suspect in suspects} - set(known):
                assert find(uow, kind, suspect) is None, f"no event of the {kind} {suspect} was owed"
                assert not uow.journal.of(kind, suspect), f"no event of the {kind} {suspect} was owed"


def check_fold(stored: Aggregate | None, entries: list[JournalEntry]) -> None:
    """Compare a stored aggregate with what its journal folds to, secrets aside."""
    assert [entry.sequence for entry in entries] == list(range(1, len(entries) + 1)), "a journal has gaps"
    assert stored is not None, f"{entries[0].aggregate} {entries[0].aggregate_id} has a journal and no state"
    folded = type(stored).fold([from_entry(entry) for entry in entries])
    assert state_of(stored) == state_of(folded)


def check_end(entries: list[JournalEntry], *, before: datetime) -> None:
    """See that a session of which only the journal is left had ended before a moment."""
    session = Session.fold([from_entry(entry) for entry in entries])
    ends = [end for end in (session.closed_at, session.idle_until) if end is not None]
    assert min(ends) < before, f"the session {session.id} was cleared while it was to be kept"


def state_of(aggregate: Aggregate) -> dict[str, object]:
    """Return what an aggregate is, secrets aside, so that no difference of type or spelling is overlooked."""
    told = {field.name: getattr(aggregate, field.name) for field in fields(aggregate) if field.name not in _NOT_TOLD}
    return {name: (type(value), _exactly(value)) for name, value in told.items()}


def find(uow: UnitOfWork, kind: str, aggregate_id: UUID) -> Aggregate | None:
    """Return an aggregate of any kind."""
    match kind:
        case "user":
            try:
                return uow.users.get(aggregate_id)
            except UserNotFound:
                return None
        case "session":
            return uow.sessions.find(aggregate_id)
        case _:
            return uow.profiles.find(aggregate_id)


def _exactly(value: object) -> object:
    match value:
        case datetime():
            assert value.utcoffset() == timedelta(0), f"{value!r} is not in UTC"
            return value
        case UserName() | EmailAddress():
            return (value.text, value.key)
        case _:
            return value
