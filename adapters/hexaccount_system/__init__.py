"""What the operating system gives: the time, and identifiers made of time and chance."""

from hexaccount_system.clock import SystemClock
from hexaccount_system.identifiers import Uuid7Identifiers

__all__ = ["SystemClock", "Uuid7Identifiers"]
