"""Counts attempts for all processes of one host, in a file that they map into their memory."""

from hexaccount_shared_memory.mapped_table import NoCounters
from hexaccount_shared_memory.rate_limits import SharedMemoryRateLimitStore

__all__ = ["NoCounters", "SharedMemoryRateLimitStore"]
