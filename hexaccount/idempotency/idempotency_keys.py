"""Requests with an idempotency key, which have their effect once however often they are sent."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from hexaccount.idempotency.idempotency_records import IdempotencyRecord, IdempotencyRecords, claim_key, release_key
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount.kernel.unit_of_work import StoreUnavailable, UnitOfWork, UnitOfWorkFactory

_RETRY_SECONDS = 1


class RequestInFlight(Refusal):
    """The first request with this key is still being processed; `retry_after` is in whole seconds."""

    code = "request_in_flight"

    def __init__(self) -> None:
        super().__init__("try again: the first request with this idempotency key is still being processed")
        self.retry_after = _RETRY_SECONDS


class IdempotencyKeyReused(Refusal):
    """The key was used before, for a different request."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("use a new key: this idempotency key was used for a different request")


@dataclass(frozen=True, slots=True)
class Answer:
    """The account that a request has opened; `repeated` if an earlier request with the same key has opened it."""

    user_id: UUID
    repeated: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKeys:
    """Claims keys for requests.

    A request may be processed for `lease`; after that a repetition may overtake it. It is remembered for `lifetime`.
    """

    unit_of_work: UnitOfWorkFactory[UnitOfWork]
    fingerprints: Fingerprints
    clock: Clock
    lifetime: timedelta
    lease: timedelta = timedelta(seconds=60)

    def once(self, key: str, request: Sequence[str | None], effect: Callable[[IdempotencyRecord], UUID]) -> Answer:
        """Return the answer of the first request with this key, which is that of `effect` if it is this one.

        `effect` completes the record that it gets. Raises what it raises, RequestInFlight, and IdempotencyKeyReused
        where the first request with the key was not this one.
        """
        record = self.claim(key, request)
        if record.user_id is not None:
            return Answer(record.user_id, repeated=True)
        try:
            return Answer(effect(record), repeated=False)
        except Exception:
            # Whatever failed, a key that stayed claimed would make the client's next attempt wait.
            user_id = self.release(record)
            if user_id is None:
                raise
            return Answer(user_id, repeated=True)

    def claim(self, key: str, request: Sequence[str | None]) -> IdempotencyRecord:
        """Return the record of a key: with its answer, or claimed by this call, whose caller has to complete it.

        Raises RequestInFlight, and IdempotencyKeyReused where the first request with the key was not this one.
        """
        now = self.clock.now()
        claim = IdempotencyRecord(
            key=self.fingerprints.of("idempotency key", [key]),
            fingerprint=self.fingerprints.of("request", request),
            claimed_until=now + self.lease,
            expires_at=now + self.lifetime,
        )
        holder = claim_key(claim, self.unit_of_work, now=now)
        if holder is None:
            return claim
        if holder.fingerprint != claim.fingerprint:
            raise IdempotencyKeyReused
        if holder.user_id is None:
            raise RequestInFlight
        return holder

    def release(self, claim: IdempotencyRecord) -> UUID | None:
        """Free a key after a failure; return the answer if another process has completed the request meanwhile."""
        with suppress(StoreUnavailable):
            release_key(claim, self.unit_of_work)
            with self.unit_of_work() as uow:
                holder = IdempotencyRecords(uow).find(claim.key)
            if holder is not None and holder.fingerprint == claim.fingerprint:
                return holder.user_id
        return None
