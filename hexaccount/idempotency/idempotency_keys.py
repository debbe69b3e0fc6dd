"""How a request with a key, which its client may send again, has its effect once."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hexaccount.idempotency.ports import IdempotencyRecord
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.unit_of_work import UnitOfWorkFactory

_RETRY_SECONDS = 1


class RequestInFlight(Refusal):
    """The first request with this key has not been answered yet; `retry_after` is in whole seconds."""

    code = "request_in_flight"

    def __init__(self) -> None:
        super().__init__("the first request with this idempotency key is still in hand; try again")
        self.retry_after = _RETRY_SECONDS


class IdempotencyKeyReused(Refusal):
    """A key came with another request than its first."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("this idempotency key was used for a request that is not the same; make a new key")


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKeys:
    """Claims keys for requests.

    A request may be in hand for `lease`; who takes longer may find that a repetition has overtaken it. It is
    remembered for `lifetime`.
    """

    unit_of_work: UnitOfWorkFactory
    fingerprints: Fingerprints
    clock: Clock
    lifetime: timedelta
    lease: timedelta = timedelta(seconds=60)

    def claim(self, key: str, request: Sequence[str | None]) -> IdempotencyRecord:
        """Return the request with a key: with its answer, or claimed by this very call and now to be answered.

        Raises RequestInFlight, and IdempotencyKeyReused where the first request with the key was not this one.
        """
        now = self.clock.now()
        claim = IdempotencyRecord(
            key=self.fingerprints.of("idempotency key", [key]),
            fingerprint=self.fingerprints.of("request", request),
            claimed_until=now + self.lease,
            expires_at=now + self.lifetime,
        )
        with self.unit_of_work() as uow:
            holder = uow.idempotency_records.claim(claim, now=now)
        if holder is None:
            return claim
        if holder.fingerprint != claim.fingerprint:
            raise IdempotencyKeyReused
        if holder.user_id is None:
            raise RequestInFlight
        return holder

    def release(self, claim: IdempotencyRecord) -> UUID | None:
        """Let the client try again after a failure; return what answers the request if somebody has meanwhile."""
        with suppress(StoreUnavailable), self.unit_of_work() as uow:
            uow.idempotency_records.release(claim)
            holder = uow.idempotency_records.find(claim.key)
            if holder is not None and holder.fingerprint == claim.fingerprint:
                return holder.user_id
        return None
