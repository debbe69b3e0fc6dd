from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from hexaccount.application.limits import Filling
from hexaccount.application.ports.clearing import Clearing, Leftover
from hexaccount.application.ports.identifiers import first_id_at
from hexaccount.domain.refresh_token import RefreshToken
from hexaccount.domain.session import Session
from hexaccount_filestore.book import Handle
from hexaccount_filestore.state import State, Step


@dataclass(frozen=True, slots=True)
class FileClearing(Clearing):
    """Removes leftovers from what is told; the records of the file stay."""

    handle: Handle

    def clear(self, kind: Leftover, *, before: datetime, limit: int) -> int:
        steps: dict[Leftover, Callable[[State, datetime, int], tuple[Step, int]]] = {
            Leftover.TOKENS_OF_ENDED_SESSIONS: _tokens_of_ended_sessions,
            Leftover.ENDED_SESSIONS: _ended_sessions,
            Leftover.SPENT_TOKENS: _spent_tokens,
            Leftover.TOKEN_SALTS: _salts,
            Leftover.EXPIRED_REQUESTS: _expired_requests,
            Leftover.HANDLED_EVENTS: _handled_events,
        }
        with self.handle.book.lock:
            if kind is Leftover.DRAINED_ALLOWANCES:
                return _drop_drained(self.handle.book.fillings, before, limit)
            step, count = steps[kind](self.handle.book.state, before, limit)
            self.handle.book.do(step)
        return count


def _drop_drained(fillings: dict[str, Filling], before: datetime, limit: int) -> int:
    drained = (key for key, full in fillings.items() if max(full.brief_until, full.lasting_until) < before)
    gone = list(islice(drained, limit))
    for key in gone:
        del fillings[key]
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
        if event_id < first_kept and event_id not in state.owed.get(subscriber, {})
    )
    gone = list(islice(notes, limit))
    return Step(handled_gone=gone), len(gone)


def _has_ended(session: Session, before: datetime) -> bool:
    return session.idle_until < before or (session.closed_at is not None and session.closed_at < before)


def _was_spent(token: RefreshToken, before: datetime) -> bool:
    return token.spent_at is not None and token.spent_at < before
