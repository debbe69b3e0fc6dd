from typing import Protocol
from uuid import UUID


class Identifiers(Protocol):
    """Makes identifiers."""

    def new(self) -> UUID:
        """Return a UUIDv7 (RFC 9562), which sorts by the time of its making."""
        ...
