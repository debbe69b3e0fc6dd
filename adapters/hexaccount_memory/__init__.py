"""The store in the memory of one process: for trials and tests, and as the reference for other stores."""

from typing import TYPE_CHECKING

from hexaccount_memory.metrics import MemoryMetrics
from hexaccount_memory.publisher import MemoryPublisher
from hexaccount_memory.rate_limits import MemoryRateLimitStore

if TYPE_CHECKING:
    from hexaccount_memory.store import MemoryStore

__all__ = ["MemoryMetrics", "MemoryPublisher", "MemoryRateLimitStore", "MemoryStore"]


def __getattr__(name: str) -> object:
    # Processes with another store count some attempts in memory. They do not pay for the import of this one.
    if name == "MemoryStore":
        from hexaccount_memory.store import MemoryStore  # noqa: PLC0415 - see above

        return MemoryStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
