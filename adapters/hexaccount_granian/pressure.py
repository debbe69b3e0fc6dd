from collections.abc import Mapping
from dataclasses import dataclass, field

from hexaccount_granian.lanes import Lane


@dataclass(slots=True)
class Pressure:
    """How much a worker has to do; its front keeps it, others may look at any time.

    `in_flight` are the requests that have arrived and are not answered.
    """

    in_flight: int = 0
    lanes: Mapping[str, Lane] = field(default_factory=dict)

    def waiting(self, lane: str) -> int:
        """Return how many requests wait for a thread of a lane."""
        found = self.lanes.get(lane)
        return 0 if found is None else found.waiting
