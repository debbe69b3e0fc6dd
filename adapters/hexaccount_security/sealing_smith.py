import secrets
from functools import cached_property
from typing import TYPE_CHECKING

from hexaccount.signing_keys.ports import ALGORITHMS, EncryptedKey, KeyFactory, RootKey, StoredKey
from hexaccount_security.hmac_key import SHORTEST, HmacKey
from hexaccount_security.token_key import TokenKey

if TYPE_CHECKING:
    from hexaccount_security.seal import Seal

# `cryptography` costs every process a tenth of a second and 10 MB; a service with its seed alone does without.


class SealingSmith(KeyFactory):
    """Makes keys, seals them under the seed, and opens what it has sealed."""

    def __init__(self, seed: TokenKey) -> None:
        """Take the key of the settings."""
        self.seed_key = seed

    @property
    def seed(self) -> RootKey:
        return RootKey(kid=self.seed_key.kid, algorithm=self.seed_key.algorithm)

    def make(self, algorithm: str) -> EncryptedKey:
        key = _made(algorithm)
        while key.kid.startswith("-"):  # on a command line that would look like an option
            key = _made(algorithm)
        sealed = self._seal.close(key.secret, name=_sealed_name(algorithm, key.kid))
        return EncryptedKey(kid=key.kid, algorithm=algorithm, sealed=sealed)

    def can_open(self, key: StoredKey) -> bool:
        try:
            self.open(key)
        except ValueError:
            return False
        return True

    def open(self, key: StoredKey) -> TokenKey:
        """Return a stored key for use; raises ValueError where it was sealed under another seed, or was changed."""
        if key.algorithm not in ALGORITHMS:
            raise ValueError("this version does not know its algorithm")
        return _of_secret(self._seal.open(key.sealed, name=_sealed_name(key.algorithm, key.kid)), key.algorithm)

    @cached_property
    def _seal(self) -> "Seal":
        from hexaccount_security.seal import Seal  # noqa: PLC0415 - `cryptography` is slow to import

        return Seal(self.seed_key.secret)


def _made(algorithm: str) -> TokenKey:
    if algorithm == "HS256":
        return HmacKey(secrets.token_bytes(SHORTEST))
    from hexaccount_security.private_key import PrivateKey  # noqa: PLC0415 - `cryptography` is slow to import

    return PrivateKey.made(algorithm)


def _of_secret(secret: bytes, algorithm: str) -> TokenKey:
    if algorithm == "HS256":
        return HmacKey(secret)
    from hexaccount_security.private_key import PrivateKey  # noqa: PLC0415 - `cryptography` is slow to import

    return PrivateKey.of_secret(secret, algorithm)


def _sealed_name(algorithm: str, kid: str) -> str:
    return f"{algorithm} {kid}"
