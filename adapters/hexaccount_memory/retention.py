from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import TypeVar

from hexaccount.kernel.identifiers import first_id_at
from hexaccount.retention.ports import ExpiredKind, RetentionStore
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session
from hexaccount_memory.tables import Tables

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class MemoryRetentionStore(RetentionStore):
    """Removes expired data; MemoryRateLimitStore drops drained keys itself."""

    tables: Tables

    def clear(self, kind: ExpiredKind, *, before: datetime, limit: int) -> int:
        steps: dict[ExpiredKind, Callable[[datetime, int], int]] = {
            ExpiredKind.TOKENS_OF_ENDED_SESSIONS: self._tokens_of_ended,
            ExpiredKind.ENDED_SESSIONS: self._sessions,
            ExpiredKind.SPENT_TOKENS: self._spent_tokens,
            ExpiredKind.TOKEN_SALTS: self._salts,
            ExpiredKind.EXPIRED_IDEMPOTENCY_RECORDS: self._requests,
            ExpiredKind.HANDLED_EVENTS: self._events,
        }
        with self.tables.lock:
            return steps[kind](before, limit) if kind in steps else 0

    def _tokens_of_ended(self, before: datetime, limit: int) -> int:
        sessions, tokens = self.tables.sessions, self.tables.tokens
        of_ended = (digest for digest, token in tokens.items() if _has_ended(sessions[token.session_id], before))
        return _remove(self._remove_token, of_ended, limit)

    def _sessions(self, before: datetime, limit: int) -> int:
        sessions = self.tables.sessions
        referenced = {token.session_id for token in self.tables.tokens.values()}
        ended = (key for key, session in sessions.items() if _has_ended(session, before) and key not in referenced)
        return _remove(sessions.__delitem__, ended, limit)

    def _spent_tokens(self, before: datetime, limit: int) -> int:
        spent = (digest for digest, token in self.tables.tokens.items() if _was_spent(token, before))
        return _remove(self._remove_token, spent, limit)

    def _salts(self, before: datetime, limit: int) -> int:
        tokens = self.tables.tokens
        salted = (digest for digest, token in tokens.items() if token.salt is not None and _was_spent(token, before))
        return _remove(self._erase_salt, salted, limit)

    def _remove_token(self, digest: str) -> None:
        token = self.tables.tokens.pop(digest)
        self.tables.followed.discard(token.predecessor or "")

    def _erase_salt(self, digest: str) -> None:
        self.tables.tokens[digest] = replace(self.tables.tokens[digest], salt=None)

    def _requests(self, before: datetime, limit: int) -> int:
        requests = self.tables.idempotency_records
        expired = (key for key, request in requests.items() if request.expires_at < before)
        return _remove(requests.__delitem__, expired, limit)

    def _events(self, before: datetime, limit: int) -> int:
        pending = {
            (subscriber, delivery.entry.id)
            for subscriber, aggregates in self.tables.deliveries.items()
            for deliveries in aggregates.values()
            for delivery in deliveries
        }
        first_kept = first_id_at(before)
        handled = (entry for entry in self.tables.inbox if entry[1] < first_kept and entry not in pending)
        return _remove(self.tables.inbox.remove, handled, limit)


def _remove(remove: Callable[[K], None], chosen: Iterable[K], limit: int) -> int:
    keys = list(islice(chosen, limit))
    for key in keys:
        remove(key)
    return len(keys)


def _has_ended(session: Session, before: datetime) -> bool:
    return session.idle_until < before or (session.closed_at is not None and session.closed_at < before)


def _was_spent(token: RefreshToken, before: datetime) -> bool:
    return token.spent_at is not None and token.spent_at < before
