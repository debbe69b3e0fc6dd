"""Key pairs; importing this module imports `cryptography`."""

import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any, Self, TypeAlias

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_pem_private_key,
)

from hexaccount_security import base64url
from hexaccount_security.token_key import header_of

Pair: TypeAlias = Ed25519PrivateKey | EllipticCurvePrivateKey | RSAPrivateKey

_RSA_BITS = 3072  # secure beyond 2030 (NIST SP 800-57)
_MIN_RSA_BITS = 2048

_GENERATORS: dict[str, Callable[[], Pair]] = {
    "EdDSA": Ed25519PrivateKey.generate,
    "ES256": lambda: generate_private_key(SECP256R1()),
    "RS256": lambda: generate_rsa_key(65537, _RSA_BITS),
}
_REQUIREMENTS = {
    "EdDSA": "an Ed25519 key; make one with: openssl genpkey -algorithm ed25519",
    "ES256": "a P-256 key; make one with: openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
    "RS256": "an RSA key of 2048 bits or more; make one with: "
    "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:3072",
}
_THUMBPRINT_MEMBERS = ("crv", "e", "kty", "n", "x", "y")  # RFC 7638, 3.2, and RFC 8037, 2


class PrivateKey:
    """A key pair for EdDSA (Ed25519), ES256 or RS256; its `kid` is the thumbprint of RFC 7638."""

    def __init__(self, pair: Any, algorithm: str) -> None:
        """Raise ValueError if the private key (of `cryptography`) does not suit the algorithm."""
        if not _suits(pair, algorithm):
            raise ValueError(f"{algorithm} needs {_REQUIREMENTS[algorithm]}")
        self._pair: Pair = pair
        self._public = pair.public_key()
        self._method: Any = jwt.get_algorithm_by_name(algorithm)
        self.algorithm = algorithm
        jwk = self._method.to_jwk(self._public, as_dict=True)
        members: dict[str, str] = {name: jwk[name] for name in _THUMBPRINT_MEMBERS if name in jwk}
        self.kid = base64url.encode(sha256(json.dumps(members, separators=(",", ":")).encode()).digest())
        self.header = header_of(algorithm, self.kid)
        self.public_jwk: Mapping[str, str] | None = {"kid": self.kid, "use": "sig", "alg": algorithm, **members}

    @classmethod
    def generate(cls, algorithm: str) -> Self:
        return cls(_GENERATORS[algorithm](), algorithm)

    @classmethod
    def from_pem(cls, text: bytes, algorithm: str) -> Self:
        """Return the key of a PEM file; raises ValueError."""
        try:
            pair = load_pem_private_key(text, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):  # TypeError: it needs a passphrase
            # Without the library's own text, which may contain what it has read.
            raise ValueError(
                f"it is no private key in PEM without a passphrase; {algorithm} needs {_REQUIREMENTS[algorithm]}"
            ) from None
        return cls(pair, algorithm)

    @classmethod
    def from_secret(cls, secret: bytes, algorithm: str) -> Self:
        """Return the key with this `secret`; raises ValueError."""
        return cls(load_der_private_key(secret, password=None), algorithm)

    @property
    def secret(self) -> bytes:
        return self._pair.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())

    def sign(self, signing_input: str) -> str:
        return base64url.encode(self._method.sign(signing_input.encode("ascii"), self._pair))

    def verifies(self, signing_input: str, signature: str) -> bool:
        try:
            decoded = base64url.decode(signature)
        except ValueError:
            return False
        return bool(self._method.verify(signing_input.encode("ascii"), self._public, decoded))


def _suits(pair: object, algorithm: str) -> bool:
    match algorithm:
        case "EdDSA":
            return isinstance(pair, Ed25519PrivateKey)
        case "ES256":
            return isinstance(pair, EllipticCurvePrivateKey) and isinstance(pair.curve, SECP256R1)
        case _:
            return isinstance(pair, RSAPrivateKey) and pair.key_size >= _MIN_RSA_BITS
