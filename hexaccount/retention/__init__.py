"""Retention: removing what has ended."""

from hexaccount.kernel.capability import Capability
from hexaccount.retention import (
    apply_retention,
)

capability = Capability(
    name="retention",
    handlers={
        apply_retention.ApplyRetention: apply_retention.apply_retention,
    },
)
