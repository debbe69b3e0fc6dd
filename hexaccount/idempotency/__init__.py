"""Idempotency: a request that its client sends again has its effect once."""

from hexaccount.idempotency import (
    idempotency_records,
)
from hexaccount.kernel.capability import Capability

capability = Capability(
    name="idempotency",
    records=(idempotency_records.IDEMPOTENCY_RECORDS,),
    expiries=idempotency_records.EXPIRIES,
)
