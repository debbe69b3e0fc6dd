from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Identifiers(Protocol):
    """Makes identifiers."""

    def new(self) -> UUID:
        """Return a UUIDv7 (RFC 9562), which sorts by the time of its making."""
        ...


def first_id_at(moment: datetime) -> UUID:
    """Return the lowest identifier of a millisecond: every earlier one sorts before it, every later one does not."""
    # A UUIDv7 begins with 48 bits of milliseconds since 1970 (RFC 9562, 5.7).
    return UUID(int=(moment - _EPOCH) // _MILLISECOND << 80)


def moment_of(identifier: UUID) -> datetime:
    """Return the millisecond in which an identifier was made."""
    return _EPOCH + (identifier.int >> 80) * _MILLISECOND
