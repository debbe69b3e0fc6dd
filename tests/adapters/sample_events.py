"""Journal entries to publish."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hexaccount.events.journal_entry import JournalEntry

A_MOMENT = datetime(2026, 11, 23, 1, 2, 3, 4000, UTC)
JULIET = UUID(int=7)


def an_event(sequence: int = 1, *, user: UUID = JULIET, text: str = "", time: datetime = A_MOMENT) -> JournalEntry:
    """Return the entry at `sequence` in the journal of a user's profile."""
    return JournalEntry(
        id=uuid4(),
        type="hexaccount.profile.updated.v1",
        source="urn:hexaccount",
        subject=user,
        time=time,
        aggregate="profile",
        aggregate_id=user,
        sequence=sequence,
        dataschema="urn:hexaccount:schema:hexaccount.profile.updated.v1",
        causation_id="request-1",
        traceparent=None,
        data={"user_id": str(user), "changes": {"bio": text or f"line {sequence} — Ærø ✿", "phone": None}},
    )


def events(number: int) -> list[JournalEntry]:
    """Return the first entries of one journal."""
    return [an_event(sequence) for sequence in range(1, number + 1)]


def interleaved(users: int, each: int, *, first: int = 1) -> list[JournalEntry]:
    """Return `each` entries of several users, in turn."""
    ids = [UUID(int=number) for number in range(1, users + 1)]
    return [an_event(sequence, user=user) for sequence in range(first, first + each) for user in ids]
