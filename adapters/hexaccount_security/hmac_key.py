import hmac
import json
from collections.abc import Mapping
from hashlib import sha256

from hexaccount_security import base64url
from hexaccount_security.token_key import header_of

MIN_BYTES = 32
"""The length of the hash, as RFC 7518, 3.2 requires."""


class HmacKey:
    """A secret that signs with HS256, without PyJWT: that would import `cryptography`."""

    algorithm = "HS256"
    public_jwk: Mapping[str, str] | None = None

    def __init__(self, secret: bytes) -> None:
        """Raise ValueError if the secret is too short, or is a key of another algorithm."""
        if len(secret) < MIN_BYTES:
            raise ValueError(f"it has {len(secret)} bytes, HS256 needs at least {MIN_BYTES}")
        if _is_key_of_another_algorithm(secret):
            raise ValueError("it is a key for another algorithm, whose text HS256 would use as the secret")
        self.secret = secret
        self.kid = _kid_of(secret)
        self.header = header_of(self.algorithm, self.kid)

    def sign(self, signing_input: str) -> str:
        return base64url.encode(hmac.digest(self.secret, signing_input.encode("ascii"), sha256))

    def verifies(self, signing_input: str, signature: str) -> bool:
        # Compare the text, not the bytes, for which base64 has more than one spelling.
        return hmac.compare_digest(signature, self.sign(signing_input))


def _is_key_of_another_algorithm(secret: bytes) -> bool:
    if secret.lstrip().startswith((b"-----BEGIN", b"ssh-", b"ecdsa-")):
        return True
    try:
        parsed = json.loads(secret)
    except (ValueError, RecursionError):
        return False
    return isinstance(parsed, dict)


def _kid_of(secret: bytes) -> str:
    # Not the thumbprint of RFC 7638: that is a plain SHA-256 of the key, which tables of common secrets reverse. This
    # reveals no more than the signature of any token does, and is a prefix of none: their input contains no space.
    return base64url.encode(hmac.digest(secret, b"name of a hexaccount signing key", sha256)[:9])
