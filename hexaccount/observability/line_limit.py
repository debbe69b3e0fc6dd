from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from hexaccount.kernel.clock import Clock
from hexaccount.kernel.rate_limit import RateLimit
from hexaccount.rate_limits.ports import LimitExceeded, RateLimitStore

# Of the security log.
_FROM_NETWORK = RateLimit.of(10, 6, 100, 60)
_FROM_ALL = RateLimit.of(300, 0.5, 10_000, 2)
_INTERVAL = timedelta(minutes=1)
_MOST_NETWORKS = 1000
_OTHERS = "others"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many lines of an action were left out, of how many networks, and how many of the one with the most."""

    action: str
    lines: int
    networks: int
    busiest: str
    of_busiest: int

    def __str__(self) -> str:
        most = f"most of them ({self.of_busiest}) from {self.busiest}"
        return f"{self.lines} lines left out, networks {self.networks}, {most}"


@dataclass(slots=True)
class LineLimit:
    """Limits the lines of a log by action and network, in one process, so that no attacker fills the disk.

    counters: counts lines, in this process.
    from_network, from_all: how many lines of one action are written, from one network and from all of them.
    """

    counters: RateLimitStore
    clock: Clock
    from_network: RateLimit = _FROM_NETWORK
    from_all: RateLimit = _FROM_ALL
    _left_out: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter), init=False)
    _since: datetime | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def admits(self, action: str, network: str) -> bool:
        """Count a line and return whether it may be written; if not, it is left out."""
        now = self.clock.now()
        try:
            self.counters.acquire({f"{action} {network}": self.from_network, action: self.from_all}, now)
        except LimitExceeded:
            with self._lock:
                of_action = self._left_out[action]
                of_action[network if network in of_action or len(of_action) < _MOST_NETWORKS else _OTHERS] += 1
                self._since = self._since or now
            return False
        return True

    @property
    def is_summary_due(self) -> bool:
        """Return whether a minute has passed since the first line was left out, or the clock was set back by one.

        It takes no lock.
        """
        return (since := self._since) is not None and abs(self.clock.now() - since) >= _INTERVAL

    def take_left_out(self) -> list[LeftOut]:
        """Return what was left out since the last call."""
        with self._lock:
            left_out, self._left_out, self._since = self._left_out, defaultdict(Counter), None
        return [_summary(action, networks) for action, networks in left_out.items()]


def _summary(action: str, networks: Counter[str]) -> LeftOut:
    ((busiest, of_busiest),) = networks.most_common(1)
    return LeftOut(
        action=action, lines=networks.total(), networks=len(networks), busiest=busiest, of_busiest=of_busiest
    )
