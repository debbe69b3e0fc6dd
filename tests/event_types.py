"""All event types; the import of the capabilities registers them."""

from hexaccount.bootstrap.capabilities import OURS
from hexaccount.kernel.event import EVENT_TYPES

assert OURS
__all__ = ["EVENT_TYPES"]
