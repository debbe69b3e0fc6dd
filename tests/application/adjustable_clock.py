"""The clock of the conformance kit, which the tests of the application use too."""

from hexaccount.conformance.suites.adjustable_clock import AdjustableClock

__all__ = ["AdjustableClock"]
