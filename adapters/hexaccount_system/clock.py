from datetime import UTC, datetime, timedelta

from hexaccount.kernel.clock import Clock


class SystemClock(Clock):
    """The computer's clock, in UTC and whole milliseconds."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now - timedelta(microseconds=now.microsecond % 1000)  # a third of what `replace` costs
