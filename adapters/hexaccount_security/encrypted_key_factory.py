import secrets
from functools import cached_property
from typing import TYPE_CHECKING

from hexaccount.signing_keys.ports import ALGORITHMS, EncryptedKey, KeyFactory, RootKey, StoredKey
from hexaccount_security.hmac_key import MIN_BYTES, HmacKey
from hexaccount_security.token_key import TokenKey

if TYPE_CHECKING:
    from hexaccount_security.envelope import Envelope

# `cryptography` costs a process a tenth of a second and 10 MB. A service with nothing but an HS256 root key needs none.


class EncryptedKeyFactory(KeyFactory):
    """Generates signing keys, encrypts them under the root key, and decrypts them."""

    def __init__(self, root: TokenKey) -> None:
        self.root = root

    @property
    def root_key(self) -> RootKey:
        return RootKey(kid=self.root.kid, algorithm=self.root.algorithm)

    def make(self, algorithm: str) -> EncryptedKey:
        key = _generate(algorithm)
        while key.kid.startswith("-"):  # the command line would take it for an option
            key = _generate(algorithm)
        encrypted = self._envelope.encrypt(key.secret, name=_envelope_name(algorithm, key.kid))
        return EncryptedKey(kid=key.kid, algorithm=algorithm, sealed=encrypted)

    def can_open(self, key: StoredKey) -> bool:
        try:
            self.decrypt(key)
        except ValueError:
            return False
        return True

    def decrypt(self, key: StoredKey) -> TokenKey:
        """Return a stored key for use; raises ValueError if the root key or the algorithm does not fit."""
        if key.algorithm not in ALGORITHMS:
            raise ValueError("this version does not support its algorithm")
        secret = self._envelope.decrypt(key.sealed, name=_envelope_name(key.algorithm, key.kid))
        if key.algorithm == "HS256":
            return HmacKey(secret)
        from hexaccount_security.private_key import PrivateKey  # noqa: PLC0415 - `cryptography` is slow to import

        return PrivateKey.from_secret(secret, key.algorithm)

    @cached_property
    def _envelope(self) -> "Envelope":
        from hexaccount_security.envelope import Envelope  # noqa: PLC0415 - `cryptography` is slow to import

        return Envelope(self.root.secret)


def _generate(algorithm: str) -> TokenKey:
    if algorithm == "HS256":
        return HmacKey(secrets.token_bytes(MIN_BYTES))
    from hexaccount_security.private_key import PrivateKey  # noqa: PLC0415 - `cryptography` is slow to import

    return PrivateKey.generate(algorithm)


def _envelope_name(algorithm: str, kid: str) -> str:
    return f"{algorithm} {kid}"
