from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Reads the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC, in whole milliseconds."""
        ...


def format_time(moment: datetime) -> str:
    """Return a moment as RFC 3339 text in UTC with whole milliseconds."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
