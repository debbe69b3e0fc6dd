"""Where the keys come from by which tokens are checked."""

import logging
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from math import inf
from time import monotonic
from typing import Any, Protocol

import jwt

from hexaccount_verifier.errors import KeysUnavailable

_log = logging.getLogger("hexaccount_verifier")

ALGORITHMS = frozenset({"EdDSA", "ES256", "RS256"})
FETCH_AGAIN = 300.0
"""Seconds for which a key set is good: hexaccount publishes a key for longer before it signs."""

BETWEEN_FETCHES = 10.0
"""Seconds between two attempts, whatever keys tokens name."""

_SHORTEST_SECRET = 32
_FEWEST_RSA_BITS = 2048


class Keys(Protocol):
    """The keys of an issuer."""

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key of a name, which says the one algorithm it is for, or None; raises KeysUnavailable."""
        ...


class SharedSecret:
    """The secret that hexaccount signs with, `jwt.key`, by which this service could sign too."""

    def __init__(self, secret: str | bytes) -> None:
        """Take the secret; raises ValueError where it is shorter than 32 bytes."""
        data = secret.encode() if isinstance(secret, str) else secret
        if len(data) < _SHORTEST_SECRET:
            raise ValueError(f"the shared secret has {len(data)} bytes; hexaccount's has {_SHORTEST_SECRET} or more")
        self._key = jwt.PyJWK({"kty": "oct", "k": urlsafe_b64encode(data).decode().rstrip("=")}, "HS256")

    def find(self, kid: str) -> jwt.PyJWK | None:  # noqa: ARG002 - a secret answers to any name
        """Return the key."""
        return self._key


class PublishedKeys:
    """The published keys, fetched when they are first needed, every five minutes, and when an unknown one is named."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        """Take what fetches the key set and raises anything where it cannot."""
        self._fetch = fetch
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._lock = threading.Lock()
        self._fetched_at = self._tried_at = -inf
        self._failure: Exception | None = None

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the published key of a name, or None; raises KeysUnavailable."""
        key = self._keys.get(kid)
        if key is None or monotonic() - self._fetched_at >= FETCH_AGAIN:
            # Who has the key need not wait for somebody else's fetching.
            self._try_again(waiting=key is None)
            key = self._keys.get(kid)
        if key is None and self._failure is not None:
            raise KeysUnavailable("the keys of hexaccount cannot be fetched; try again") from self._failure
        return key

    def _try_again(self, *, waiting: bool) -> None:
        if not self._lock.acquire(blocking=waiting):
            return
        try:
            if monotonic() - self._tried_at >= BETWEEN_FETCHES:
                self._tried_at = monotonic()
                self._keys = _read(self._fetch())
                self._fetched_at, self._failure = self._tried_at, None
        except Exception as error:  # noqa: BLE001 - whatever the fetching raises, the keys of before are still good
            _log.warning("the keys cannot be fetched, going on with those of before: %r", error)
            self._failure = error
        finally:
            self._lock.release()


def _read(key_set: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """Return the keys that we may use; others, of later versions, say, are passed over."""
    found = {}
    for jwk in key_set["keys"]:
        try:
            if jwk["alg"] in ALGORITHMS and jwk["use"] == "sig":
                key = jwt.PyJWK(jwk, jwk["alg"])
                if getattr(key.key, "key_size", _FEWEST_RSA_BITS) >= _FEWEST_RSA_BITS or jwk["alg"] != "RS256":
                    found[str(jwk["kid"])] = key
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            _log.warning("a published key cannot be read and is passed over: %r", error)
    return found
