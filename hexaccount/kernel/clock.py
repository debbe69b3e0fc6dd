from datetime import UTC, datetime, timedelta
from typing import Protocol

CLOCKS_APART = timedelta(minutes=2)
"""How far the clocks of two processes may be apart; docs/operations.md says what holds up to there."""


class Clock(Protocol):
    """Reads the time."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC, in whole milliseconds."""
        ...


def format_time(moment: datetime) -> str:
    """Return a moment as RFC 3339 text in UTC with whole milliseconds."""
    text = moment.isoformat(timespec="milliseconds")
    if not text.endswith("+00:00"):  # to convert a moment takes longer than all the rest
        text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.removesuffix("+00:00") + "Z"
