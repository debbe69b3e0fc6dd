import hmac
import json
from collections.abc import Sequence

from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount_security import base64url
from hexaccount_security.derived_key import derived_key


class HmacFingerprints(Fingerprints):
    """Computes fingerprints with HMAC-SHA256, under a key that is derived from `jwt.key` for each purpose."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def of(self, purpose: str, texts: Sequence[str | None]) -> str:
        key = derived_key(self._secret, f"fingerprint of {purpose}")
        # JSON, because it separates the texts unambiguously.
        digest = hmac.digest(key, json.dumps(list(texts)).encode(), "sha256")
        return base64url.encode(digest)
