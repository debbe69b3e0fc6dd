"""The store in the memory of one process: for trials and tests, and as the reference for other stores."""

from hexaccount_memory.metrics import MemoryMetrics
from hexaccount_memory.publisher import MemoryPublisher
from hexaccount_memory.rate_limits import MemoryRateLimitStore
from hexaccount_memory.store import MemoryStore

__all__ = ["MemoryMetrics", "MemoryPublisher", "MemoryRateLimitStore", "MemoryStore"]
