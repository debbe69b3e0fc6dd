"""Encryption of private keys; importing this module imports `cryptography`."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hexaccount_security import base64url

_NONCE_BYTES = 12
_INFO = b"seal of hexaccount signing keys"  # any other text makes the stored keys unreadable


class Envelope:
    """AEAD with AES-256-GCM, under a key derived (HKDF) from the root key: the store alone reveals no private key."""

    def __init__(self, root_secret: bytes) -> None:
        self._cipher = AESGCM(HKDF(SHA256(), 32, salt=None, info=_INFO).derive(root_secret))

    def encrypt(self, secret: bytes, *, name: str) -> str:
        """Return the encrypted `secret`, which decrypts with the same name only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64url.encode(nonce + self._cipher.encrypt(nonce, secret, name.encode()))

    def decrypt(self, encrypted: str, *, name: str) -> bytes:
        """Return the secret; raises ValueError if root key or name differ, or the text was changed."""
        data = base64url.decode(encrypted)
        try:
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], name.encode())
        except InvalidTag:
            raise ValueError("it was encrypted under another jwt.key, or was changed") from None
