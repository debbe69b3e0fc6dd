from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from hexaccount.kernel.identifiers import first_id_at
from hexaccount.rate_limits.rate_limit import BucketState
from hexaccount.retention.ports import ExpiredKind, RetentionStore
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import State, Step


@dataclass(frozen=True, slots=True)
class FileClearing(RetentionStore):
    """Removes leftovers from what is told; the records of the file stay."""

    handle: Handle

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        steps: dict[ExpiredKind, Callable[[State, datetime, int], tuple[Step, int]]] = {
            ExpiredKind.TOKENS_OF_ENDED_SESSIONS: _tokens_of_ended_sessions,
            ExpiredKind.ENDED_SESSIONS: _ended_sessions,
            ExpiredKind.SPENT_TOKENS: _spent_tokens,
            ExpiredKind.TOKEN_SALTS: _salts,
            ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS: _expired_requests,
            ExpiredKind.HANDLED_EVENTS: _handled_events,
        }
        with self.handle.book.lock:
            if kind is ExpiredKind.IDLE_RATE_LIMITS:
                return _drop_drained(self.handle.book.bucket_states, before, limit)
            step, count = steps[kind](self.handle.book.state, before, limit)
            self.handle.book.do(step)
        return count


def _drop_drained(bucket_states: dict[str, BucketState], before: datetime, limit: int) -> int:
    drained = (key for key, full in bucket_states.items() if max(full.burst_until, full.sustained_until) < before)
    gone = list(islice(drained, limit))
    for key in gone:
        del bucket_states[key]
    return len(gone)


def _tokens_of_ended_sessions(state: State, before: datetime, limit: int) -> tuple[Step, int]:
    tokens = state.tokens.values()
    ended = (token.digest for token in tokens if _has_ended(state.sessions[token.session_id], before))
    gone = list(islice(ended, limit))
    return Step(tokens_gone=gone), len(gone)


def _ended_sessions(state: State, before: datetime, limit: int) -> tuple[Step, int]:
    kept = {token.session_id for token in state.tokens.values()}
    ended = (key for key, session in state.sessions.items() if _has_ended(session, before) and key not in kept)
    gone = list(islice(ended, limit))
    return Step(sessions_gone=gone), len(gone)


def _spent_tokens(state: State, before: datetime, limit: int) -> tuple[Step, int]:
    spent = (token.digest for token in state.tokens.values() if _was_spent(token, before))
    gone = list(islice(spent, limit))
    return Step(tokens_gone=gone), len(gone)


def _salts(state: State, before: datetime, limit: int) -> tuple[Step, int]:
    salted = (token for token in state.tokens.values() if token.salt is not None and _was_spent(token, before))
    without = [replace(token, salt=None) for token in islice(salted, limit)]
    return Step(tokens=without), len(without)


def _expired_requests(state: State, before: datetime, limit: int) -> tuple[Step, int]:
    expired = (key for key, request in state.requests.items() if request.expires_at < before)
    gone = list(islice(expired, limit))
    return Step(requests_gone=gone), len(gone)


def _handled_events(state: State, before: datetime, limit: int) -> tuple[Step, int]:
    first_kept = first_id_at(before)
    notes = (
        (subscriber, event_id)
        for subscriber, event_id in state.handled
        if event_id < first_kept and event_id not in state.pending.get(subscriber, {})
    )
    gone = list(islice(notes, limit))
    return Step(handled_gone=gone), len(gone)


def _has_ended(session: Session, before: datetime) -> bool:
    return session.idle_until < before or (session.closed_at is not None and session.closed_at < before)


def _was_spent(token: RefreshToken, before: datetime) -> bool:
    return token.spent_at is not None and token.spent_at < before
