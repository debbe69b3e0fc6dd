"""What the operating system gives: the time, identifiers made of time and chance, and what a process takes of it."""

from hexaccount_system.clock import SystemClock
from hexaccount_system.identifiers import Uuid7Identifiers
from hexaccount_system.process_figures import tell_of_process

__all__ = ["SystemClock", "Uuid7Identifiers", "tell_of_process"]
