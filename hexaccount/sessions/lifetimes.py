from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long sessions and tokens last.

    An access token is valid for `access`. A session ends after `idle` without a refresh, and after `absolute` in any
    case. For `grace` after its use, a refresh token still returns the same successor.
    """

    access: timedelta
    idle: timedelta
    absolute: timedelta
    grace: timedelta

    def idle_until(self, *, used_at: datetime, expires_at: datetime) -> datetime:
        """Return the idle timeout of a session that was used at this moment; it is never after `expires_at`."""
        return min(used_at + self.idle, expires_at)
