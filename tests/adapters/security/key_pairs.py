"""Private keys as operators configure them, generated once for all tests."""

from functools import cache
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

MAKERS: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate,
    "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "RS256": lambda: rsa.generate_private_key(65537, 2048),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "P-256K": lambda: ec.generate_private_key(ec.SECP256K1()),
    "Ed448": ed448.Ed448PrivateKey.generate,
    "RSA of 1024 bits": lambda: rsa.generate_private_key(65537, 1024),
}


@cache
def pair(kind: str) -> Any:
    """Return the key pair of a kind, the same one each time."""
    return MAKERS[kind]()


@cache
def pem(kind: str, passphrase: bytes | None = None) -> bytes:
    """Return that key pair in PEM."""
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    return bytes(pair(kind).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
