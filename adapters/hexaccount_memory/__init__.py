"""Every store port in the memory of one process: for trying out, for tests, and as the rule the others follow."""

from hexaccount_memory.allowances import MemoryRateLimitStore
from hexaccount_memory.metrics import MemoryMetrics
from hexaccount_memory.publisher import MemoryPublisher
from hexaccount_memory.store import MemoryStore

__all__ = ["MemoryRateLimitStore", "MemoryMetrics", "MemoryPublisher", "MemoryStore"]
