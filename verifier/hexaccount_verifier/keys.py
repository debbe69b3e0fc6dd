"""Sources of the keys that verify tokens."""

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
REFRESH_INTERVAL = 300.0
"""Seconds between fetches of the key set: hexaccount publishes a key for longer before it signs with it."""

MIN_FETCH_INTERVAL = 10.0
"""Seconds between two attempts to fetch, however many unknown keys tokens name."""

_MIN_SECRET_BYTES = 32
_MIN_RSA_BITS = 2048


class Keys(Protocol):
    """The keys of an issuer, each for one algorithm."""

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the key with an id, or None; raises KeysUnavailable."""
        ...


class SharedSecret:
    """The secret `jwt.key`, with which this service could also sign tokens."""

    def __init__(self, secret: str | bytes) -> None:
        """Raise ValueError for a secret of less than 32 bytes."""
        data = secret.encode() if isinstance(secret, str) else secret
        if len(data) < _MIN_SECRET_BYTES:
            raise ValueError(f"the shared secret has {len(data)} bytes; hexaccount's has at least {_MIN_SECRET_BYTES}")
        self._key = jwt.PyJWK({"kty": "oct", "k": urlsafe_b64encode(data).decode().rstrip("=")}, "HS256")

    def find(self, kid: str) -> jwt.PyJWK | None:  # noqa: ARG002 - the one secret has any id
        """Return the secret's key."""
        return self._key


class PublishedKeys:
    """The published keys, fetched at first use, every five minutes, and when a token names an unknown one."""

    def __init__(self, fetch: Callable[[], Mapping[str, Any]]) -> None:
        """Take a function that fetches the key set; whatever it raises counts as a failure to fetch."""
        self._fetch = fetch
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._lock = threading.Lock()
        self._fetched_at = self._attempted_at = -inf
        self._failure: Exception | None = None

    def find(self, kid: str) -> jwt.PyJWK | None:
        """Return the published key with an id, or None; raises KeysUnavailable."""
        key = self._keys.get(kid)
        if key is None or monotonic() - self._fetched_at >= REFRESH_INTERVAL:
            # A call that has the key does not wait for the fetch of another thread.
            self._refresh(wait=key is None)
            key = self._keys.get(kid)
        if key is None and self._failure is not None:
            raise KeysUnavailable("the keys of hexaccount cannot be fetched; try again") from self._failure
        return key

    def _refresh(self, *, wait: bool) -> None:
        if not self._lock.acquire(blocking=wait):
            return
        try:
            if monotonic() - self._attempted_at >= MIN_FETCH_INTERVAL:
                self._attempted_at = monotonic()
                self._keys = _read(self._fetch())
                self._fetched_at, self._failure = self._attempted_at, None
        except Exception as error:  # noqa: BLE001 - the function may raise anything, and the last keys stay valid
            _log.warning("the keys cannot be fetched; the last ones stay in use: %r", error)
            self._failure = error
        finally:
            self._lock.release()


def _read(key_set: Mapping[str, Any]) -> dict[str, jwt.PyJWK]:
    """Return the usable keys; others, such as those of later versions, are skipped."""
    keys = {}
    for jwk in key_set["keys"]:
        try:
            if jwk["alg"] in ALGORITHMS and jwk["use"] == "sig":
                key = jwt.PyJWK(jwk, jwk["alg"])
                if getattr(key.key, "key_size", _MIN_RSA_BITS) >= _MIN_RSA_BITS or jwk["alg"] != "RS256":
                    keys[str(jwk["kid"])] = key
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            _log.warning("a published key is invalid and is skipped: %r", error)
    return keys
