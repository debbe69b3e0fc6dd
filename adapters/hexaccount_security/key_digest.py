import hmac
from base64 import urlsafe_b64encode

from hexaccount.application.ports.key_digest import KeyDigest
from hexaccount_security.derived_key import derived_key


class HmacKeyDigest(KeyDigest):
    """Makes keys by HMAC-SHA256, of which 18 bytes are kept."""

    def __init__(self, secret: bytes) -> None:
        """Take the setting `jwt.key`, from which a key of its own is derived."""
        self._key = derived_key(secret, "keys of limits")

    def of(self, *parts: str) -> str:
        # Each part after its length, so that no two lists of parts are one; a lone surrogate is no reason to fail.
        encoded = [part.encode("utf-8", "surrogatepass") for part in parts]
        message = b"".join(len(part).to_bytes(8) + part for part in encoded)
        return urlsafe_b64encode(hmac.digest(self._key, message, "sha256")[:18]).decode("ascii")
