from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from hexaccount.kernel.identifiers import first_id_at
from hexaccount.kernel.rate_limit import BucketState
from hexaccount.retention.ports import ExpiredKind, RetentionStore
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount_filestore.database import Handle
from hexaccount_filestore.state import State, Transaction


@dataclass(frozen=True, slots=True)
class FileRetentionStore(RetentionStore):
    """Removes expired data from the state; the records stay in the file."""

    handle: Handle

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        steps: dict[ExpiredKind, Callable[[State, datetime, int], tuple[Transaction, int]]] = {
            ExpiredKind.TOKENS_OF_ENDED_SESSIONS: _tokens_of_ended_sessions,
            ExpiredKind.ENDED_SESSIONS: _ended_sessions,
            ExpiredKind.SPENT_TOKENS: _spent_tokens,
            ExpiredKind.TOKEN_SALTS: _salts,
            ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS: _expired_requests,
            ExpiredKind.HANDLED_EVENTS: _handled_events,
        }
        with self.handle.database.lock:
            if kind is ExpiredKind.IDLE_RATE_LIMITS:
                return _drop_drained(self.handle.database.states, before, limit)
            transaction, count = steps[kind](self.handle.database.state, before, limit)
            self.handle.database.commit(transaction)
        return count


def _drop_drained(states: dict[str, BucketState], before: datetime, limit: int) -> int:
    drained = (key for key, full in states.items() if max(full.burst_until, full.sustained_until) < before)
    removed = list(islice(drained, limit))
    for key in removed:
        del states[key]
    return len(removed)


def _tokens_of_ended_sessions(state: State, before: datetime, limit: int) -> tuple[Transaction, int]:
    tokens = state.tokens.values()
    ended = (token.digest for token in tokens if _has_ended(state.sessions[token.session_id], before))
    removed = list(islice(ended, limit))
    return Transaction(removed_tokens=removed), len(removed)


def _ended_sessions(state: State, before: datetime, limit: int) -> tuple[Transaction, int]:
    referenced = {token.session_id for token in state.tokens.values()}
    ended = (key for key, session in state.sessions.items() if _has_ended(session, before) and key not in referenced)
    removed = list(islice(ended, limit))
    return Transaction(removed_sessions=removed), len(removed)


def _spent_tokens(state: State, before: datetime, limit: int) -> tuple[Transaction, int]:
    spent = (token.digest for token in state.tokens.values() if _was_spent(token, before))
    removed = list(islice(spent, limit))
    return Transaction(removed_tokens=removed), len(removed)


def _salts(state: State, before: datetime, limit: int) -> tuple[Transaction, int]:
    salted = (token for token in state.tokens.values() if token.salt is not None and _was_spent(token, before))
    without = [replace(token, salt=None) for token in islice(salted, limit)]
    return Transaction(tokens=without), len(without)


def _expired_requests(state: State, before: datetime, limit: int) -> tuple[Transaction, int]:
    expired = (key for key, request in state.requests.items() if request.expires_at < before)
    removed = list(islice(expired, limit))
    return Transaction(removed_requests=removed), len(removed)


def _handled_events(state: State, before: datetime, limit: int) -> tuple[Transaction, int]:
    first_kept = first_id_at(before)
    expired = (
        (subscriber, event_id)
        for subscriber, event_id in state.inbox
        if event_id < first_kept and event_id not in state.deliveries.get(subscriber, {})
    )
    removed = list(islice(expired, limit))
    return Transaction(removed_inbox=removed), len(removed)


def _has_ended(session: Session, before: datetime) -> bool:
    return session.idle_until < before or (session.closed_at is not None and session.closed_at < before)


def _was_spent(token: RefreshToken, before: datetime) -> bool:
    return token.spent_at is not None and token.spent_at < before
