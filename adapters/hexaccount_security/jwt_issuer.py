from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from math import floor
from typing import Annotated
from uuid import UUID

import msgspec

from hexaccount.sessions.ports import AccessClaims, InvalidToken
from hexaccount_security import base64url
from hexaccount_security.key_ring import KeyRing

MAX_TOKEN_LENGTH = 8192
"""Characters; issued tokens have about 500."""

_Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")]
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=253402300799)]  # to the end of the year 9999, the maximum of datetime


class _Payload(msgspec.Struct, kw_only=True):
    iss: str
    aud: str
    exp: _Seconds
    iat: _Seconds
    jti: _Identifier
    typ: str
    sub: _Identifier
    sid: _Identifier
    client_id: str
    epoch: Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class _IssuedPayload(_Payload, kw_only=True):
    """With the claims that only other services read (RFC 9068, 2.2.3)."""

    roles: Sequence[str] | msgspec.UnsetType = msgspec.UNSET
    scope: str | msgspec.UnsetType = msgspec.UNSET


class JwtIssuer:
    """Issues access tokens as JWTs (RFC 9068) under the keys of a ring, and verifies them as RFC 8725 recommends.

    The header of a token must equal, byte for byte, the header of a key of the ring. That pins `alg`, `typ` and `kid`,
    excludes `jku`, `x5u`, `jwk`, `x5c` and `crit`, and keeps a key from being used with another algorithm. Nothing of a
    token is parsed before its signature is verified. PyJWT's decoding takes three times as long as this whole check.

    Times in a token are whole seconds, rounded down: it never ends later than its claims say. It is valid at once, also
    for a process whose clock is behind: that it was signed proves that it was issued, whatever the time is there.
    """

    def __init__(
        self,
        ring: KeyRing,
        *,
        issuer: str,
        audience: str,
        client_id: str,
        accepted_issuers: Collection[str] = (),
        claims: Collection[str] = (),
    ) -> None:
        """Take further issuers whose tokens are accepted, and which of `roles` and `scope` tokens carry."""
        self._ring = ring
        self._issuer = issuer
        self._accepted_issuers = frozenset({issuer, *accepted_issuers})
        self._audience = audience
        self._client_id = client_id
        self._claims = frozenset(claims)
        self._decoder = msgspec.json.Decoder(_Payload)

    def issue(self, claims: AccessClaims) -> str:
        """Return a signed access token that carries `claims`; raises StoreUnavailable if the keys cannot be read."""
        payload = _IssuedPayload(
            iss=self._issuer,
            aud=self._audience,
            exp=floor(claims.expires_at.timestamp()),
            iat=floor(claims.issued_at.timestamp()),
            jti=str(claims.token_id),
            typ="access",
            sub=str(claims.user_id),
            sid=str(claims.session_id),
            client_id=self._client_id,
            epoch=claims.epoch,
            roles=claims.roles if "roles" in self._claims else msgspec.UNSET,
            # A scope is never empty (RFC 6749, 3.3).
            scope=(" ".join(claims.permissions) if "scope" in self._claims else "") or msgspec.UNSET,
        )
        key = self._ring.signer(claims.issued_at)
        signing_input = f"{key.header}.{base64url.encode(msgspec.json.encode(payload))}"
        return f"{signing_input}.{key.sign(signing_input)}"

    def verify(self, token: str, *, now: datetime) -> AccessClaims:
        """Return the claims of a token after verifying signature, form and times.

        Raises InvalidToken, and StoreUnavailable if its key may be among those that cannot be read.
        """
        payload = self._payload(token, now)
        if payload.iss not in self._accepted_issuers:
            raise InvalidToken("the token has another issuer")
        if payload.aud != self._audience:
            raise InvalidToken("the token is meant for another audience")
        if payload.typ != "access":
            raise InvalidToken("the token is not an access token")
        if payload.client_id != self._client_id:
            raise InvalidToken("the token was issued to another client")
        if payload.exp <= now.timestamp():
            raise InvalidToken("the token has expired")
        return AccessClaims(
            token_id=UUID(payload.jti),
            user_id=UUID(payload.sub),
            session_id=UUID(payload.sid),
            issued_at=datetime.fromtimestamp(payload.iat, UTC),
            expires_at=datetime.fromtimestamp(payload.exp, UTC),
            epoch=payload.epoch,
        )

    def _payload(self, token: str, now: datetime) -> _Payload:
        if len(token) > MAX_TOKEN_LENGTH:
            raise InvalidToken("the token is too long")
        if not token.isascii():
            raise InvalidToken("the token is not ASCII")
        try:
            header, body, signature = token.split(".", 3)
        except (TypeError, ValueError):  # TypeError: the token is bytes
            raise InvalidToken("the token does not have three parts") from None
        key = self._ring.by_header(header, now)
        if key is None:
            raise InvalidToken("the header of the token is not that of a current key")
        if not key.verifies(f"{header}.{body}", signature):
            raise InvalidToken("the signature of the token is wrong")
        try:
            return self._decoder.decode(base64url.decode(body))
        except (ValueError, RecursionError):
            raise InvalidToken("a claim of the token is missing or malformed") from None
