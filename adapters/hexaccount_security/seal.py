"""What private keys are kept under; whoever imports this module imports `cryptography`."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hexaccount_security import base64url

_NONCE = 12


class Seal:
    """AES-256-GCM under a key derived from the seed's, so that the store alone gives nobody a key."""

    def __init__(self, seed: bytes) -> None:
        """Take the secret of the key of the settings."""
        derived = HKDF(SHA256(), 32, salt=None, info=b"seal of hexaccount signing keys").derive(seed)
        self._cipher = AESGCM(derived)

    def close(self, secret: bytes, *, name: str) -> str:
        """Return `secret` as the store may keep it, for a key of this name only."""
        nonce = secrets.token_bytes(_NONCE)
        return base64url.encode(nonce + self._cipher.encrypt(nonce, secret, name.encode()))

    def open(self, sealed: str, *, name: str) -> bytes:
        """Return what was sealed under this name; raises ValueError for anything else."""
        data = base64url.decode(sealed)
        try:
            return self._cipher.decrypt(data[:_NONCE], data[_NONCE:], name.encode())
        except InvalidTag:
            raise ValueError("it was sealed under another jwt.key, or was changed") from None
