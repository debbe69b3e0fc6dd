from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ExpiredKind(StrEnum):
    """What stays behind in a store, in the order in which it is to be removed."""

    TOKENS_OF_ENDED_SESSIONS = "tokens_of_ended_sessions"
    """All refresh tokens of the sessions below."""

    ENDED_SESSIONS = "ended_sessions"
    """Sessions that were closed, or came to their end, and have no refresh token left."""

    SPENT_TOKENS = "spent_tokens"
    """Refresh tokens that were spent."""

    TOKEN_SALTS = "token_salts"  # noqa: S105 - the name of a kind
    """Not the spent refresh tokens themselves but the salts that make their successors."""

    IDLE_RATE_LIMITS = "idle_rate_limits"
    """Allowances whose meters have drained."""

    EXPIRED_IDEMPOTENCY_RECORDS = "expired_idempotency_records"
    """Requests with a key that are to be remembered no longer."""

    HANDLED_EVENTS = "handled_events"
    """The inbox's notes of events that came to be, by the time in their ids, and that are owed no more.

    A note stays as long as its event is owed to its subscriber, set-aside deliveries included: without it a further
    delivery would have its effect once more.
    """


class RetentionStore(Protocol):
    """Removes what nobody will ask for again; it is safe among many processes, and never touches the journal."""

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        """Remove up to `limit` of what became a leftover before a moment, in one short step; return how many."""
        ...
