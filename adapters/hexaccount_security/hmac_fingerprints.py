import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Sequence

from hexaccount.application.ports.fingerprints import Fingerprints


class HmacFingerprints(Fingerprints):
    """Makes fingerprints with HMAC-SHA256, under a key for each purpose that is derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        """Take the setting `jwt.key`."""
        self._secret = secret

    def of(self, purpose: str, texts: Sequence[str | None]) -> str:
        # What a token signs never holds a space, so that no signature of a token is a key of ours.
        key = hmac.digest(self._secret, f"hexaccount fingerprint: {purpose}".encode(), "sha256")
        # JSON keeps the borders between the texts.
        digest = hmac.digest(key, json.dumps(list(texts)).encode(), "sha256")
        return urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
