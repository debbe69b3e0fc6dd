"""Events to tell to the world."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hexaccount.events.journal_entry import JournalEntry

A_MOMENT = datetime(2026, 11, 23, 1, 2, 3, 4000, UTC)
JULIET = UUID(int=7)


def an_event(sequence: int = 1, *, user: UUID = JULIET, time: datetime = A_MOMENT) -> JournalEntry:
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
        data={"user_id": str(user), "changes": {"bio": f"line {sequence} — Ærø ✿", "phone": None}},
    )


def events(number: int) -> list[JournalEntry]:
    """Return events of one profile, in their order."""
    return [an_event(sequence) for sequence in range(1, number + 1)]
