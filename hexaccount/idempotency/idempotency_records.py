"""The requests with an idempotency key in the store."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from hexaccount.kernel.clock import CLOCKS_APART
from hexaccount.kernel.periods import AT_ONCE
from hexaccount.kernel.records import Expiry, RecordType
from hexaccount.kernel.unit_of_work import StaleVersion, StoreUnavailable, UnitOfWork, UnitOfWorkFactory

# Another request takes the key, or frees it, between two steps; a client does not repeat that.
_ATTEMPTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyRecord:
    """A request with an idempotency key, of both of which only digests are stored.

    It is being processed until `claimed_until`, and remembered until `expires_at`. `user_id` is the account that it has
    opened, None until then.
    """

    key: str
    fingerprint: str
    claimed_until: datetime
    expires_at: datetime
    user_id: UUID | None = None

    def gives_way_to(self, request: "IdempotencyRecord", now: datetime) -> bool:
        """Tell whether another request may take the key: an equal one after the claim, any other after the expiry.

        A claim that lasts much longer than one that begins now was stored by a clock that was wrong, and has ended.
        """
        claimed = now < self.claimed_until <= request.claimed_until + CLOCKS_APART
        abandoned = self.user_id is None and not claimed and self.fingerprint == request.fingerprint
        return abandoned or self.expires_at <= now

    def awaits(self, answered: "IdempotencyRecord") -> bool:
        """Tell whether `answered` is the answer to this request, which has none yet."""
        return self.user_id is None and self.fingerprint == answered.fingerprint


IDEMPOTENCY_RECORDS = RecordType.of(IdempotencyRecord, "idempotency_records", kind="idempotency key")
EXPIRIES = (
    Expiry(kind="expired_idempotency_records", record_type=IDEMPOTENCY_RECORDS, ends=("expires_at",), kept=AT_ONCE),
)


class IdempotencyRecords:
    """The first request with each idempotency key."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._records = uow.records(IDEMPOTENCY_RECORDS)

    def find(self, key: str) -> IdempotencyRecord | None:
        return self._records.get(key)

    def complete(self, request: IdempotencyRecord, user_id: UUID) -> None:
        """At commit, record which account answers `request`, also after its claim has expired.

        Does nothing if the key belongs to another fingerprint, or was answered, by then.
        """
        answered = replace(request, user_id=user_id)
        holder = self.find(request.key)
        if holder is None:
            self._records.add(answered)
        elif holder.awaits(answered):
            self._records.replace(answered)


def claim_key(
    request: IdempotencyRecord, unit_of_work: UnitOfWorkFactory[UnitOfWork], *, now: datetime
) -> IdempotencyRecord | None:
    """Claim the key for `request`, or return the request that has it.

    A request keeps its key while it is processed, after its answer, and from other fingerprints until it expires.
    """
    for _ in range(_ATTEMPTS):
        with suppress(StaleVersion), unit_of_work() as uow:
            uow.records(IDEMPOTENCY_RECORDS).add(request)
            uow.commit()
            return None
        with suppress(StaleVersion), unit_of_work() as uow:
            records = uow.records(IDEMPOTENCY_RECORDS)
            holder = records.get(request.key)
            if holder is None:
                continue
            if not holder.gives_way_to(request, now):
                return holder
            records.replace(request)
            uow.commit()
            return None
    raise StoreUnavailable


def release_key(request: IdempotencyRecord, unit_of_work: UnitOfWorkFactory[UnitOfWork]) -> None:
    """Remove a request, unless it was answered or another one has its key."""
    with suppress(StaleVersion), unit_of_work() as uow:
        records = uow.records(IDEMPOTENCY_RECORDS)
        if records.get(request.key) == request:
            records.remove(request)
            uow.commit()
