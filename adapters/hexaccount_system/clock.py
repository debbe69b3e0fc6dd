from datetime import UTC, datetime

from hexaccount.kernel.clock import Clock


class SystemClock(Clock):
    """The computer's clock."""

    def now(self) -> datetime:
        """Return the present moment, in whole milliseconds."""
        moment = datetime.now(UTC)
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
