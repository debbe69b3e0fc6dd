import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from math import floor
from typing import Annotated
from uuid import UUID

import jwt
import msgspec

from hexaccount.application.ports.token_issuer import AccessClaims, InvalidToken

CLOCK_SKEW = 1
"""Seconds by which the clock of the host that issued a token may be ahead of ours; none are added to its end."""

LONGEST_TOKEN = 8192
"""Characters; ours have about 500."""

_KEY_BYTES = {"HS256": 32, "HS384": 48, "HS512": 64}  # RFC 7518, section 3.2

_Identifier = Annotated[str, msgspec.Meta(pattern=r"\A[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z")]
_Seconds = Annotated[int, msgspec.Meta(ge=0, le=253402300799)]  # to the end of the year 9999, where datetime ends


class _Payload(msgspec.Struct, kw_only=True):
    iss: str
    aud: str
    exp: _Seconds
    iat: _Seconds
    nbf: _Seconds
    jti: _Identifier
    typ: str
    sub: _Identifier
    sid: _Identifier
    client_id: str


class JwtIssuer:
    """Issues access tokens as JWTs (RFC 9068) under one symmetric key, and checks them as RFC 8725 asks.

    A token is ours only if its header is, byte for byte, the one that we write: that pins `alg`, `typ` and `kid`,
    leaves no place for `jku`, `x5u`, `jwk`, `x5c` or `crit`, and nothing of a token is parsed before its signature is
    known to be ours. That is why PyJWT makes the header and the signatures here but does not take tokens apart, which
    takes it three times as long as this whole check.

    Times are whole seconds in a token. They are rounded down: a token ends no later than its claims say, and begins
    no later.
    """

    def __init__(self, key: bytes, *, algorithm: str = "HS256", issuer: str, audience: str, client_id: str) -> None:
        """Take the settings `jwt.key`, `jwt.algorithm`, `jwt.issuer`, `jwt.audience`; raises ValueError."""
        if algorithm not in _KEY_BYTES:
            raise ValueError(f"jwt.algorithm is {algorithm!r}; set it to one of {', '.join(_KEY_BYTES)}")
        if len(key) < _KEY_BYTES[algorithm]:
            raise ValueError(
                f"jwt.key has {len(key)} bytes, {algorithm} needs at least {_KEY_BYTES[algorithm]}; "
                f"make a random one, for example with `openssl rand -hex {_KEY_BYTES[algorithm]}`"
            )
        self._algorithm = jwt.get_algorithm_by_name(algorithm)
        try:
            self._key = self._algorithm.prepare_key(key)
        except jwt.InvalidKeyError as error:
            raise ValueError(f"jwt.key cannot be used: {error} Make a random one instead.") from None
        self._issuer = issuer
        self._audience = audience
        self._client_id = client_id
        self._decoder = msgspec.json.Decoder(_Payload)
        headers = {"typ": "at+jwt", "kid": _name_of(key)}
        self._header, _, _ = jwt.encode({}, key, algorithm, headers=headers).partition(".")

    def issue(self, claims: AccessClaims) -> str:
        """Return a signed access token that carries `claims`."""
        begins = floor(claims.issued_at.timestamp())
        payload = _Payload(
            iss=self._issuer,
            aud=self._audience,
            exp=floor(claims.expires_at.timestamp()),
            iat=begins,
            nbf=begins,
            jti=str(claims.token_id),
            typ="access",
            sub=str(claims.user_id),
            sid=str(claims.session_id),
            client_id=self._client_id,
        )
        signed = f"{self._header}.{_base64url(msgspec.json.encode(payload))}"
        return f"{signed}.{self._signature(signed)}"

    def verify(self, token: str, *, now: datetime) -> AccessClaims:
        """Return what a token says, having checked its signature, form and times; raises InvalidToken."""
        payload = self._payload(token)
        if payload.iss != self._issuer:
            raise InvalidToken("the token has another issuer")
        if payload.aud != self._audience:
            raise InvalidToken("the token is meant for another audience")
        if payload.typ != "access":
            raise InvalidToken("the token is not an access token")
        if payload.client_id != self._client_id:
            raise InvalidToken("the token was issued to another client")
        moment = now.timestamp()
        if payload.exp <= moment:
            raise InvalidToken("the token has expired")
        if max(payload.nbf, payload.iat) > moment + CLOCK_SKEW:
            raise InvalidToken("the token is not valid yet")
        return AccessClaims(
            token_id=UUID(payload.jti),
            user_id=UUID(payload.sub),
            session_id=UUID(payload.sid),
            issued_at=datetime.fromtimestamp(payload.iat, UTC),
            expires_at=datetime.fromtimestamp(payload.exp, UTC),
        )

    def _payload(self, token: str) -> _Payload:
        if len(token) > LONGEST_TOKEN:
            raise InvalidToken("the token is too long")
        if not token.isascii():
            raise InvalidToken("the token is not ASCII")
        try:
            header, body, signature = token.split(".", 3)
        except (TypeError, ValueError):  # TypeError: bytes are no token either
            raise InvalidToken("the token does not have three parts") from None
        if header != self._header:
            raise InvalidToken("the header of the token is not ours")
        # The text is compared and not the bytes, of which base64 has more than one spelling.
        if not hmac.compare_digest(signature, self._signature(f"{header}.{body}")):
            raise InvalidToken("the signature of the token is wrong")
        try:
            claims = urlsafe_b64decode(body + "==")
            payload = self._decoder.decode(claims)
        except (ValueError, RecursionError):
            raise InvalidToken("a claim of the token is missing or malformed") from None
        if _base64url(claims) != body:
            raise InvalidToken("the base64 of the token is malformed")
        return payload

    def _signature(self, signed: str) -> str:
        return _base64url(self._algorithm.sign(signed.encode("ascii"), self._key))


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _name_of(key: bytes) -> str:
    # Not the thumbprint of RFC 7638: that is a bare SHA-256 of the key, which tables of common secrets turn back. This
    # tells no more of the key than the signature of any token, and is the beginning of none: what a token signs never
    # holds a space.
    return _base64url(hmac.digest(key, b"name of a hexaccount signing key", sha256)[:9])
