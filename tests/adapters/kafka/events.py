"""Events to publish."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hexaccount.events.journal_entry import JournalEntry

_BEGIN = datetime(2026, 11, 23, 1, 2, 3, 4000, UTC)


def event(user: UUID, sequence: int = 1, *, text: str = "") -> JournalEntry:
    """Return the event that stands at `sequence` in the journal of a user."""
    return JournalEntry(
        id=uuid4(),
        type="hexaccount.profile.updated.v1",
        source="urn:hexaccount",
        subject=user,
        time=_BEGIN + timedelta(seconds=sequence),
        aggregate="profile",
        aggregate_id=user,
        sequence=sequence,
        dataschema="urn:hexaccount:schema:hexaccount.profile.updated.v1",
        causation_id="request-1",
        traceparent=None,
        data={"user_id": str(user), "changes": {"bio": text or f"line {sequence}"}},
    )


def crowd(users: int, each: int, *, first: int = 1) -> list[JournalEntry]:
    """Return events of several users, taking turns."""
    of = [UUID(int=number) for number in range(1, users + 1)]
    return [event(user, sequence) for sequence in range(first, first + each) for user in of]
