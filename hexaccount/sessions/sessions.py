"""The sessions and refresh tokens in the store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.accounts.users import USERS
from hexaccount.kernel.records import Expiry, LookUp, RecordType, Reference
from hexaccount.kernel.unit_of_work import UnitOfWork
from hexaccount.sessions.refresh_token import RefreshToken
from hexaccount.sessions.session import Session

# However many sessions of an account have ended and are still stored, those that may be live are found without them.
_INDEXED = ("user_id", "epoch", "closed_at", "id")
_FIRST_LIVE = LookUp(equal=("user_id", "epoch", "closed_at"), above="idle_until", indexed=_INDEXED)
_LIVE = replace(_FIRST_LIVE, descending=True)
_OF_USER = LookUp(equal=("user_id",), indexed=_INDEXED)
SESSIONS = RecordType.of(
    Session,
    "sessions",
    kind=Session.kind,
    look_ups=(_FIRST_LIVE, _LIVE, _OF_USER),
    reference=Reference("user_id", USERS),
    leave_out=["pending"],
)


def _session_of(token: RefreshToken) -> tuple[str, UUID]:
    return Session.kind, token.session_id


# A used token is changed in the commit that adds its successor: of two uses, one meets another revision.
REFRESH_TOKENS = RecordType.of(
    RefreshToken,
    "refresh_tokens",
    kind="refresh token",
    reference=Reference("session_id", SESSIONS),
    part_of=_session_of,
)

_SESSION_ENDS = ("closed_at", "idle_until")
EXPIRIES = (
    Expiry(kind="tokens_of_ended_sessions", record_type=REFRESH_TOKENS, ends=_SESSION_ENDS, of_reference=True),
    Expiry(kind="ended_sessions", record_type=SESSIONS, ends=_SESSION_ENDS, unless_referred_by=REFRESH_TOKENS),
    Expiry(kind="spent_tokens", record_type=REFRESH_TOKENS, ends=("spent_at",)),
    # Until then a used token still returns its successor, for which its salt is needed.
    Expiry(
        kind="token_salts",
        record_type=REFRESH_TOKENS,
        ends=("spent_at",),
        erases="salt",
        kept="session.refresh_grace",
    ),
)


class Sessions:
    """The repository of sessions and their refresh tokens."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._records = uow.records(SESSIONS)
        self._tokens = uow.records(REFRESH_TOKENS)

    def add(self, session: Session) -> None:
        self._records.add(session)

    def find(self, session_id: UUID) -> Session | None:
        return self._records.get(session_id)

    def find_with_user(self, session_id: UUID) -> tuple[Session, User] | None:
        """Return a session and its account, read together in one round trip."""
        found = self._records.with_references(session_id)
        return None if found is None else (found[0], found[1])

    def find_by_token(self, digest: str) -> tuple[RefreshToken, Session, User] | None:
        """Return a refresh token, its session and its account, read together in one round trip."""
        found = self._tokens.with_references(digest)
        return None if found is None else (found[0], found[1], found[2])

    def live_of(self, user: User, *, now: datetime, limit: int, after: UUID | None) -> Sequence[Session]:
        """Return up to `limit` live sessions of an account with ids below `after`, by descending id: newest first."""
        if user.disabled:
            return []
        return self._records.page(
            _LIVE, limit=limit, after=after, user_id=user.id, epoch=user.epoch, closed_at=None, idle_until=now
        )

    def first_live_of(self, user: User, *, now: datetime, limit: int) -> Sequence[Session]:
        """Return up to `limit` live sessions of an account, by ascending id: oldest first."""
        return self._records.page(
            _FIRST_LIVE, limit=limit, user_id=user.id, epoch=user.epoch, closed_at=None, idle_until=now
        )

    def of(self, user_id: UUID) -> Sequence[Session]:
        """Return all sessions of an account that are still stored."""
        return self._records.page(_OF_USER, limit=None, user_id=user_id)

    def put_token(self, token: RefreshToken) -> None:
        """At commit, store a new refresh token, or the use of one; StaleVersion if it was used meanwhile."""
        if token.spent_at is None:
            self._tokens.add(token)
        else:
            self._tokens.replace(token)
