"""The system clock, time-ordered identifiers, and metrics of this process."""

from hexaccount_system.clock import SystemClock
from hexaccount_system.identifiers import Uuid7Identifiers
from hexaccount_system.process_metrics import observe_process

__all__ = ["SystemClock", "Uuid7Identifiers", "observe_process"]
