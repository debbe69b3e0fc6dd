from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hexaccount.kernel.clock import CLOCKS_APART
from hexaccount.kernel.periods import Period


@dataclass(frozen=True, slots=True)
class Retention:
    """The durations that settings give, by the names of the settings."""

    settings: Mapping[str, timedelta]

    def before(self, kept: Period, now: datetime) -> datetime:
        """Return the moment before which something must have ended to be removed now.

        A process whose clock is behind may need it for as much longer.
        """
        return now - CLOCKS_APART - (kept if isinstance(kept, timedelta) else self.settings[kept])
