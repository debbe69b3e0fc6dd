"""Rate limits: how often something may be tried."""

from hexaccount.kernel.capability import Capability
from hexaccount.rate_limits import (
    acquire_permit,
)

capability = Capability(
    name="rate_limits",
    handlers={
        acquire_permit.AcquirePermit: acquire_permit.acquire_permit,
    },
    rate_limits=(acquire_permit.WRITES,),
)
