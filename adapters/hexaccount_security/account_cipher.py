import secrets
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from uuid import UUID

from hexaccount.personal_data.account_key import AccountKey
from hexaccount.personal_data.ports import AccountCipher, LostRootKey
from hexaccount_security.derived_key import derived_key
from hexaccount_security.token_key import TokenKey

if TYPE_CHECKING:
    from hexaccount_security.aead import Aead

_KEY_BYTES = 32
_PURPOSE = "account keys"  # any other text makes the stored keys unreadable


class RootedAccountCipher(AccountCipher):
    """Random keys of 32 bytes, encrypted under keys derived from root keys.

    `cryptography` is imported when the first event is encrypted or decrypted.
    """

    def __init__(self, root_keys: Callable[[], Sequence[TokenKey]]) -> None:
        """Take a function that returns the root key and former ones, under which keys may still be encrypted."""
        self._root_keys = root_keys
        self._aead_of_root = lru_cache(self._make_aead_of_root)

    def make_key(self, account_id: UUID) -> "tuple[AccountKey, Aead]":
        secret = secrets.token_bytes(_KEY_BYTES)
        return self._encrypted(secret, account_id), _aead(secret)

    def open(self, key: AccountKey) -> "Aead":
        return _aead(self._decrypted(key))

    def rewrap(self, key: AccountKey) -> AccountKey:
        return key if key.root == self._roots[0].kid else self._encrypted(self._decrypted(key), key.account_id)

    def _encrypted(self, secret: bytes, account_id: UUID) -> AccountKey:
        root = self._roots[0].kid
        wrapped = self._aead_of_root(root).encrypt(secret, name=str(account_id))
        return AccountKey(account_id=account_id, wrapped=wrapped, root=root)

    def _decrypted(self, key: AccountKey) -> bytes:
        return self._aead_of_root(key.root).decrypt(key.wrapped, name=str(key.account_id))

    def _make_aead_of_root(self, root: str) -> "Aead":
        for key in self._roots:
            if key.kid == root:
                return _aead(derived_key(key.secret, _PURPOSE))
        raise LostRootKey

    @cached_property
    def _roots(self) -> Sequence[TokenKey]:
        return self._root_keys()


def _aead(secret: bytes) -> "Aead":
    from hexaccount_security.aead import Aead  # noqa: PLC0415 - `cryptography` is slow to import

    return Aead(secret)
