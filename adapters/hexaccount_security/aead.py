"""Authenticated encryption with AES-256-GCM; importing this module imports `cryptography`."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hexaccount_security import base64url

_NONCE_BYTES = 12


class Aead:
    """AES-256-GCM (RFC 5116) with random nonces and the name of the data as associated data."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 bytes."""
        self._cipher = AESGCM(key)

    def encrypt(self, data: bytes, *, name: str) -> str:
        """Return the encrypted data in base64url, which decrypts with the same name only."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return base64url.encode(nonce + self._cipher.encrypt(nonce, data, name.encode()))

    def decrypt(self, encrypted: str, *, name: str) -> bytes:
        """Return the data; raises ValueError if key or name differ, or the text was changed."""
        data = base64url.decode(encrypted)
        try:
            return self._cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], name.encode())
        except InvalidTag:
            raise ValueError("it was encrypted under another jwt.key, or was changed") from None
