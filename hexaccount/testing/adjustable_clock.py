from datetime import UTC, datetime, timedelta


class AdjustableClock:
    """A clock that stands still until `advance`."""

    def __init__(self, begin: datetime = datetime(2026, 1, 2, 12, tzinfo=UTC)) -> None:
        self._now = begin

    def now(self) -> datetime:
        return self._now

    def advance(self, **units: float) -> None:
        self._now += timedelta(**units)
