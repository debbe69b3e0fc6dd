"""Encryption of private keys; importing this module imports `cryptography`."""

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hexaccount_security.aead import Aead

_INFO = b"seal of hexaccount signing keys"  # any other text makes the stored keys unreadable


class Envelope(Aead):
    """Encryption under a key derived (HKDF) from the root key: the store alone reveals no private key."""

    def __init__(self, root_secret: bytes) -> None:
        super().__init__(HKDF(SHA256(), 32, salt=None, info=_INFO).derive(root_secret))
