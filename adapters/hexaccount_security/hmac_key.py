import hmac
import json
from collections.abc import Mapping
from hashlib import sha256

from hexaccount_security import base64url
from hexaccount_security.token_key import header_of

SHORTEST = 32
"""Bytes: the hash's own length, as RFC 7518, 3.2 asks."""


class HmacKey:
    """A secret that signs with HS256, without PyJWT, which would import all of `cryptography` for it."""

    algorithm = "HS256"
    public_jwk: Mapping[str, str] | None = None

    def __init__(self, secret: bytes) -> None:
        """Take the secret; raises ValueError where it is short, or is no secret but a key of another kind."""
        if len(secret) < SHORTEST:
            raise ValueError(f"it has {len(secret)} bytes, HS256 needs at least {SHORTEST}")
        if _is_key_of_another_kind(secret):
            raise ValueError("it is a key of another kind, of which HS256 would sign with the text")
        self.secret = secret
        self.kid = _name_of(secret)
        self.header = header_of(self.algorithm, self.kid)

    def sign(self, signed: str) -> str:
        return base64url.encode(hmac.digest(self.secret, signed.encode("ascii"), sha256))

    def fits(self, signed: str, signature: str) -> bool:
        # The text is compared and not the bytes, of which base64 has more than one spelling.
        return hmac.compare_digest(signature, self.sign(signed))


def _is_key_of_another_kind(secret: bytes) -> bool:
    if secret.lstrip().startswith((b"-----BEGIN", b"ssh-", b"ecdsa-")):
        return True
    try:
        read = json.loads(secret)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict)


def _name_of(secret: bytes) -> str:
    # Not the thumbprint of RFC 7638: that is a bare SHA-256 of the key, which tables of common secrets turn back. This
    # tells no more of the key than the signature of any token, and is the beginning of none: what a token signs never
    # holds a space.
    return base64url.encode(hmac.digest(secret, b"name of a hexaccount signing key", sha256)[:9])
