from collections.abc import Mapping
from dataclasses import dataclass, field

from hexaccount_granian.thread_pool import ThreadPool


@dataclass(slots=True)
class WorkerLoad:
    """How busy a worker is. Its bridge updates this; any thread may read it.

    `in_flight` counts the requests that have arrived and are not answered.
    """

    in_flight: int = 0
    pools: Mapping[str, ThreadPool] = field(default_factory=dict)

    def waiting(self, request_class: str) -> int:
        """Return how many requests of a class wait for a thread."""
        pool = self.pools.get(request_class)
        return 0 if pool is None else pool.waiting
