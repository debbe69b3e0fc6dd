import hmac
import json
from collections.abc import Sequence

from hexaccount.kernel.fingerprints import Fingerprints
from hexaccount_security import base64url
from hexaccount_security.derived_key import derived_key


class HmacFingerprints(Fingerprints):
    """Makes fingerprints with HMAC-SHA256, under a key for each purpose that is derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        """Take the setting `jwt.key`."""
        self._secret = secret

    def of(self, purpose: str, texts: Sequence[str | None]) -> str:
        key = derived_key(self._secret, f"fingerprint of {purpose}")
        # JSON keeps the borders between the texts.
        digest = hmac.digest(key, json.dumps(list(texts)).encode(), "sha256")
        return base64url.encode(digest)
