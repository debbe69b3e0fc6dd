"""One-time tokens, by which somebody proves to read the mail of an address."""

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.accounts.user import User
from hexaccount.kernel.aggregate import Aggregate, ForeignEvent
from hexaccount.kernel.event import Event

_PREFIX = "hxo_"  # so that scanners of logs and repositories know one when they see it
_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class MailRequested(Event):
    """A message with a one-time token was asked for; `expires_at` counts from now, or later from when it is sent.

    Where it was asked for by a name that no account has, `user_id` is of no account either, and nothing is sent.
    """

    type = "hexaccount.mail.requested.v1"
    changes_access = False
    kept = "clearing.events"

    mail_id: UUID
    purpose: str
    expires_at: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class OneTimeToken(Aggregate):
    """A token for one purpose, of which only digests are stored: one for each time that its message was sent.

    It is voided by its use, and by newer ones. Of several uses at once, the commit admits one, as a record is changed
    only in the revision that was read.

    A digest covers the text, the address to which it was sent and the epoch of the account. So it is worth nothing once
    the account has another address, another password, or has ended its sessions.
    """

    kind: ClassVar[str] = "mail"
    outside_events: ClassVar[frozenset[str]] = frozenset({"expires_at", "voided", "digests"})

    user_id: UUID
    purpose: str
    requested_at: datetime
    expires_at: datetime
    voided: bool = False
    digests: tuple[str, ...] = field(default=(), repr=False)

    pattern: ClassVar[str] = _PREFIX + r"[A-Za-z0-9_-]{64}"
    """The form of a token's text."""

    @classmethod
    def request(cls, *, token_id: UUID, user_id: UUID, purpose: str, at: datetime, expires_at: datetime) -> Self:
        """Ask for a message with a token."""
        return cls._begun_by(
            MailRequested(user_id=user_id, mail_id=token_id, purpose=purpose, expires_at=expires_at, at=at)
        )

    @classmethod
    def _begin(cls, event: Event) -> Self:
        if not isinstance(event, MailRequested):
            raise ForeignEvent(cls, event)
        return cls(
            id=event.mail_id,
            version=1,
            user_id=event.user_id,
            purpose=event.purpose,
            requested_at=event.at,
            expires_at=event.expires_at,
        )

    def issue(self, user: User, *, expires_at: datetime) -> str:
        """Return a new text for the current address of the account; those of earlier messages stay valid, too."""
        text = _PREFIX + _base64url(self.id.bytes + secrets.token_bytes(_BYTES))
        self.digests = (*self.digests, _digest_of(text, user))
        self.expires_at = expires_at
        return text

    def is_valid(self, text: str, user: User, now: datetime) -> bool:
        """Tell whether this is the token's text, of an account in the state that was read."""
        known = not self.voided and _digest_of(text, user) in self.digests
        return known and now < self.expires_at and not user.disabled

    def void(self) -> None:
        """Make the token invalid, and keep it from being sent."""
        self.voided = True

    def _apply(self, event: Event) -> None:
        raise ForeignEvent(type(self), event)


def token_id_in(text: str) -> UUID | None:
    """Return the id of the token that has this text, None if none can have it."""
    try:
        data = urlsafe_b64decode(text.removeprefix(_PREFIX))
    except ValueError:
        return None
    return UUID(bytes=data[:16]) if text.startswith(_PREFIX) and len(data) == 16 + _BYTES else None


def _digest_of(text: str, user: User) -> str:
    """Return a digest; 256 random bits need no slow hash, and no comparison in constant time."""
    bound = f"{text} {user.epoch} {user.email.key}"
    return _base64url(sha256(bound.encode("utf-8", "surrogatepass")).digest())


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
