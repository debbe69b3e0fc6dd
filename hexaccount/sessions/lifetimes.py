from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long logins last.

    An access token lives for `access`. A session ends after `idle` without a refresh, and after `absolute` in any
    case. For `grace` after its use a refresh token still gives the successor that it gave.
    """

    access: timedelta
    idle: timedelta
    absolute: timedelta
    grace: timedelta

    def idle_until(self, *, used_at: datetime, expires_at: datetime) -> datetime:
        """Return until when a session lives that was used at this moment and ends at `expires_at` in any case."""
        return min(used_at + self.idle, expires_at)
