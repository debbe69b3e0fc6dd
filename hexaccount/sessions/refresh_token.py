import hmac
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import ClassVar, Self
from uuid import UUID

from hexaccount.kernel.clock import CLOCKS_APART

_PREFIX = "hxr_"  # so that scanners of logs and repositories know one when they see it
_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshToken:
    """A refresh token as it is stored: only its digest, which opens nothing.

    A token is used once. Its successor is a keyed digest of the token and of `salt`, which is drawn at its use. So the
    same successor can be returned when the token is presented again, though it is not stored.
    """

    digest: str
    session_id: UUID
    issued_at: datetime
    spent_at: datetime | None = None
    salt: str | None = field(default=None, repr=False)

    pattern: ClassVar[str] = _PREFIX + r"[A-Za-z0-9_-]{43}"
    """The form of a token's text."""

    @classmethod
    def of(cls, text: str, *, session_id: UUID, at: datetime) -> Self:
        """Return the record of the token `text`."""
        return cls(digest=digest_of(text), session_id=session_id, issued_at=at)

    def rotate(self, text: str, at: datetime) -> tuple[Self, Self]:
        """Use this token, whose text is `text`; return its record after the use, and that of its successor."""
        spent = replace(self, spent_at=at, salt=secrets.token_urlsafe(_BYTES))
        follower = spent.successor_of(text)
        return spent, self.of(follower, session_id=self.session_id, at=at)

    def may_be_repeated(self, now: datetime, grace: timedelta) -> bool:
        """Tell whether the token was used so recently that two tabs may have presented it at once.

        A use in the future was stored by a process whose clock is ahead, or was wrong if it is far from now.
        """
        if self.spent_at is None or self.salt is None:
            return False
        return self.spent_at - CLOCKS_APART <= now < self.spent_at + grace

    def successor_of(self, text: str) -> str:
        """Return the text of the successor of `text`, the text of this token; ValueError for an unused one."""
        if self.salt is None:
            raise ValueError("a token that was not used has no successor")
        return _PREFIX + _base64url(hmac.digest(text.encode(), self.salt.encode(), sha256))


def new_refresh_token() -> str:
    """Return a token of 256 random bits."""
    return _PREFIX + secrets.token_urlsafe(_BYTES)


def digest_of(text: str) -> str:
    """Return the digest under which a token is stored; 256 random bits need no slow hash."""
    return _base64url(sha256(text.encode("utf-8", "surrogatepass")).digest())


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
