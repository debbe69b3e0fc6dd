from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt

from hexaccount_verifier.claims import Claims
from hexaccount_verifier.errors import InvalidToken
from hexaccount_verifier.keys import Keys, PublishedKeys, SharedSecret
from hexaccount_verifier.revocations import Revocations

_LONGEST_TOKEN = 8192
_CLOCK_SKEW = timedelta(seconds=1)
# The times are checked here and not by PyJWT, which would take fractions and the present of its own clock.
_OPTIONS: Any = {
    "require": ["iss", "aud", "exp", "iat", "nbf", "jti", "sub"],
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "strict_aud": True,
}


class TokenVerifier:
    """Checks access tokens without asking hexaccount, but for its public keys, and learns revocations from events.

    It may be used from any number of threads. Between a revocation and its event a revoked token is still good.
    """

    def __init__(
        self,
        keys: Callable[[], Mapping[str, Any]] | str | bytes,
        *,
        issuer: str,
        audience: str,
        longest_lifetime: timedelta = timedelta(hours=1),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Take what fetches the key set, or the shared secret, and hexaccount's settings.

        issuer, audience: its `jwt.issuer` and `jwt.audience`.
        longest_lifetime: its `session.access_lifetime` or more; tokens that live longer are refused, and what the
        events tell is forgotten after it.
        now: the clock; returns an aware datetime.
        """
        self._keys: Keys = SharedSecret(keys) if isinstance(keys, str | bytes) else PublishedKeys(keys)
        self._issuer = issuer
        self._audience = audience
        self._longest_lifetime = longest_lifetime
        self._now = now
        self._revocations = Revocations(longest_lifetime)

    def verify(self, token: str | None) -> Claims:
        """Return what a token says.

        Raises InvalidToken, for None too, and KeysUnavailable where the key cannot be fetched.
        """
        claims = Claims.of(self._payload(token))
        now = self._now()
        if claims.expires_at <= now:
            raise InvalidToken("the token has expired")
        if claims.issued_at > now + _CLOCK_SKEW:
            raise InvalidToken("the token is not valid yet")
        if claims.expires_at - claims.issued_at > self._longest_lifetime:
            raise InvalidToken("the token lives too long; is longest_lifetime less than session.access_lifetime?")
        if self._revocations.is_revoked(claims):
            raise InvalidToken("the token was revoked")
        return claims

    def learn(self, event: Mapping[str, Any]) -> None:
        """Take in a CloudEvent of hexaccount, of any type, as often as it comes; raises MalformedEvent."""
        self._revocations.learn(event, self._now())

    def _payload(self, token: str | None) -> dict[str, Any]:
        if not isinstance(token, str) or len(token) > _LONGEST_TOKEN or not _is_canonical(token):
            raise InvalidToken("this is no token")
        try:
            key = self._key(jwt.get_unverified_header(token))
            return jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                issuer=self._issuer,
                audience=self._audience,
                options=_OPTIONS,
            )
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
            raise InvalidToken("the token is not one of hexaccount for this service") from error

    def _key(self, header: Mapping[str, Any]) -> jwt.PyJWK:
        # Exactly these members: none that brings or names a key (jwk, jku, x5u, x5c), none that wants understanding.
        if header.keys() != {"alg", "kid", "typ"} or header["typ"] != "at+jwt":
            raise InvalidToken("the header of the token is not one of hexaccount's")
        key = self._keys.find(header["kid"])
        if key is None:
            raise InvalidToken("the token names no key of hexaccount's")
        return key


def _is_canonical(token: str) -> bool:
    """Tell whether a text is three parts in base64url, each in its one spelling."""
    try:
        parts = token.encode("ascii").split(b".")
        return len(parts) == 3 and all(
            urlsafe_b64encode(urlsafe_b64decode(part + b"==")).rstrip(b"=") == part for part in parts
        )
    except ValueError:
        return False
