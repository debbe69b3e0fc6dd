from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ExpiredKind(StrEnum):
    """Kinds of expired records, in the order in which they have to be removed."""

    TOKENS_OF_ENDED_SESSIONS = "tokens_of_ended_sessions"
    """All refresh tokens of ended sessions."""

    ENDED_SESSIONS = "ended_sessions"
    """Sessions that were closed or have expired, and have no refresh token left."""

    SPENT_TOKENS = "spent_tokens"
    """Refresh tokens that were used."""

    TOKEN_SALTS = "token_salts"  # noqa: S105 - the name of a kind
    """The salts of used refresh tokens, from which their successors are derived; the tokens themselves stay."""

    IDLE_RATE_LIMITS = "idle_rate_limits"
    """Rate-limit keys whose buckets are empty."""

    EXPIRED_IDEMPOTENCY_RECORDS = "expired_idempotency_records"
    """Idempotency records whose lifetime is over."""

    HANDLED_EVENTS = "handled_events"
    """Inbox rows of events that are old, by the time in their ids, and not pending any more.

    A row stays as long as its event is pending for its subscriber or a dead letter: without the row, a further delivery
    would have its effect once more.
    """


class RetentionStore(Protocol):
    """Removes expired records; it is safe among many processes, and never touches the journal."""

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` records that expired before a moment, in one short step; return how many."""
        ...
