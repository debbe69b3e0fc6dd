"""The store in the memory of one process: for trials and tests, and as the reference for other stores."""

from importlib import import_module
from typing import TYPE_CHECKING

from hexaccount_memory.metrics import MemoryMetrics
from hexaccount_memory.publisher import MemoryPublisher
from hexaccount_memory.rate_limits import MemoryRateLimitStore

if TYPE_CHECKING:
    from hexaccount_memory.mailbox import Mailbox, SentMessage
    from hexaccount_memory.store import MemoryStore

__all__ = ["Mailbox", "MemoryMetrics", "MemoryPublisher", "MemoryRateLimitStore", "MemoryStore", "SentMessage"]

# Processes with another store count some attempts in memory. They do not pay for the import of the rest.
_LATER = {"Mailbox": "mailbox", "MemoryStore": "store", "SentMessage": "mailbox"}


def __getattr__(name: str) -> object:
    if name in _LATER:
        return getattr(import_module(f"hexaccount_memory.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
