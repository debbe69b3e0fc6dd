"""Encryption of personal data; `cryptography` is imported when the first event is encrypted or decrypted."""

import secrets
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from hexaccount.personal_data.account_key import AccountKey
from hexaccount.personal_data.ports import AccountCipher, LostRootKey
from hexaccount_security import base64url
from hexaccount_security.derived_key import derived_key
from hexaccount_security.token_key import TokenKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_KEY_BYTES = 32
_NONCE_BYTES = 12
_PURPOSE = "account keys"  # any other text makes the stored keys unreadable


class RootedAccountCipher(AccountCipher):
    """AES-256-GCM with a random nonce, for data and for keys, which are encrypted under keys derived from root keys."""

    def __init__(self, root_keys: Callable[[], Sequence[TokenKey]]) -> None:
        """Take a function that returns the root key and former ones, under which keys may still be encrypted."""
        self._root_keys = root_keys
        self._cipher_of_root = lru_cache(self._make_cipher_of_root)
        # Setting up a cipher takes as long as encrypting with it.
        self._cipher_of = lru_cache(10_000)(self._make_cipher_of)

    def make_key(self, account_id: UUID) -> AccountKey:
        return self._wrapped(secrets.token_bytes(_KEY_BYTES), account_id)

    def encrypt(self, key: AccountKey, data: bytes, *, name: str) -> str:
        return _encrypt(self._cipher_of(key), data, name)

    def decrypt(self, key: AccountKey, encrypted: str, *, name: str) -> bytes:
        return _decrypt(self._cipher_of(key), encrypted, name)

    def rewrap(self, key: AccountKey) -> AccountKey:
        return key if key.root == self._roots[0].kid else self._wrapped(self._unwrapped(key), key.account_id)

    def _wrapped(self, secret: bytes, account_id: UUID) -> AccountKey:
        root = self._roots[0].kid
        return AccountKey(
            account_id=account_id, wrapped=_encrypt(self._cipher_of_root(root), secret, str(account_id)), root=root
        )

    def _unwrapped(self, key: AccountKey) -> bytes:
        return _decrypt(self._cipher_of_root(key.root), key.wrapped, str(key.account_id))

    def _make_cipher_of(self, key: AccountKey) -> "AESGCM":
        return _aes_gcm(self._unwrapped(key))

    def _make_cipher_of_root(self, root: str) -> "AESGCM":
        for key in self._roots:
            if key.kid == root:
                return _aes_gcm(derived_key(key.secret, _PURPOSE))
        raise LostRootKey

    @cached_property
    def _roots(self) -> Sequence[TokenKey]:
        return self._root_keys()


def _aes_gcm(secret: bytes) -> "AESGCM":
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow to import

    return AESGCM(secret)


def _encrypt(cipher: "AESGCM", data: bytes, name: str) -> str:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return base64url.encode(nonce + cipher.encrypt(nonce, data, name.encode()))


def _decrypt(cipher: "AESGCM", encrypted: str, name: str) -> bytes:
    from cryptography.exceptions import InvalidTag  # noqa: PLC0415 - slow to import

    data = base64url.decode(encrypted)
    try:
        return cipher.decrypt(data[:_NONCE_BYTES], data[_NONCE_BYTES:], name.encode())
    except InvalidTag:
        raise ValueError(f"what is personal in {name} was encrypted under another key, or was changed") from None
