from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from hexaccount_verifier.claims import Claims
from hexaccount_verifier.errors import InvalidToken
from hexaccount_verifier.keys import Keys, PublishedKeys, SharedSecret
from hexaccount_verifier.revocations import Revocations

_MAX_TOKEN_LENGTH = 8192
# This class checks the times, as PyJWT accepts fractions and uses its own clock.
_OPTIONS: Any = {
    "require": ["iss", "aud", "exp", "iat", "jti", "sub"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "strict_aud": True,
}


class TokenVerifier:
    """Verifies access tokens with hexaccount's keys, and learns revocations from its events.

    Safe for any number of threads. A revoked token stays valid until `learn` gets the event.
    """

    def __init__(
        self,
        keys: Callable[[], Mapping[str, Any]] | str | bytes,
        *,
        issuer: str | Collection[str],
        audience: str,
        longest_lifetime: timedelta = timedelta(hours=1),
        leeway: timedelta = timedelta(minutes=1),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take a function that fetches the key set, or the shared secret; raises ValueError for a short secret.

        issuer: hexaccount's `public_url`, or its `jwt.issuer` where that is not set; several while it changes.
        audience: hexaccount's `jwt.audience`.
        longest_lifetime: hexaccount's `session.access_lifetime` or more. Tokens that live longer are rejected, and
        revocations are stored for as long.
        leeway: how far the clock of this service may be behind or ahead of hexaccount's. A token is accepted that long
        before it was issued, and after it has expired.
        now: returns the time as an aware datetime.
        """
        self._keys: Keys = SharedSecret(keys) if isinstance(keys, str | bytes) else PublishedKeys(keys)
        self._issuers = [issuer] if isinstance(issuer, str) else list(issuer)
        self._audience = audience
        self._longest_lifetime = longest_lifetime
        self._leeway = leeway
        self._now = now
        self._revocations = Revocations(longest_lifetime, leeway)

    def verify(self, token: str | None) -> Claims:
        """Return the claims of a token; raises InvalidToken, also for None, and KeysUnavailable."""
        claims = Claims.of(self._payload(token))
        now = self._now()
        if claims.expires_at <= now - self._leeway:
            raise InvalidToken("the token has expired")
        if claims.issued_at > now + self._leeway:
            raise InvalidToken("the token was issued in the future; is the clock of this service behind?")
        if claims.expires_at - claims.issued_at > self._longest_lifetime:
            raise InvalidToken("the token lives too long; is longest_lifetime less than session.access_lifetime?")
        if self._revocations.is_revoked(claims):
            raise InvalidToken("the token was revoked")
        return claims

    def learn(self, event: Mapping[str, Any]) -> None:
        """Record a CloudEvent of any type, in any order and any number of times; raises MalformedEvent."""
        self._revocations.learn(event, self._now())

    def _payload(self, token: str | None) -> dict[str, Any]:
        if not isinstance(token, str) or len(token) > _MAX_TOKEN_LENGTH or not _is_canonical(token):
            raise InvalidToken("this is not a token")
        try:
            key = self._key(jwt.get_unverified_header(token))
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuers,
                audience=self._audience,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken("the token was not issued by hexaccount for this service") from error

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        # Exactly these members: none that contains or names a key (jwk, jku, x5u, x5c), and no extension (crit).
        if header.keys() != {"alg", "kid", "typ"} or header["typ"] != "at+jwt":
            raise InvalidToken("the header of the token is not hexaccount's")
        key = self._keys.find(header["kid"])
        if key is None:
            raise InvalidToken("the token names an unknown key")
        return key


def _is_canonical(token: str) -> bool:
    """Return whether a text is three parts in base64url, each in its canonical encoding."""
    try:
        parts = token.encode("ascii").split(b".")
        return len(parts) == 3 and all(
            urlsafe_b64encode(urlsafe_b64decode(part + b"==")).rstrip(b"=") == part for part in parts
        )
    except ValueError:
        return False
