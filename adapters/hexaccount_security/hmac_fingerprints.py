import hmac
from collections.abc import Sequence
from functools import cache

from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount_security import base64url
from hexaccount_security.derived_key import derived_key


class HmacFingerprints(Fingerprints):
    """Computes fingerprints with HMAC-SHA256, under a key that is derived from `jwt.key` for each purpose."""

    def __init__(self, secret: bytes) -> None:
        self._key_of = cache(lambda purpose: derived_key(secret, f"fingerprint of {purpose}"))

    def of(self, purpose: str, texts: Sequence[str | None]) -> str:
        # A Python literal separates the texts unambiguously, and costs a fifth of JSON.
        message = ascii(list(texts)).encode()
        return base64url.encode(hmac.digest(self._key_of(purpose), message, "sha256"))
