from datetime import UTC, datetime

from hexaccount.kernel.clock import Clock


class SystemClock(Clock):
    """The computer's clock, in UTC and whole milliseconds."""

    def now(self) -> datetime:
        now = datetime.now(UTC)
        return now.replace(microsecond=now.microsecond // 1000 * 1000)
