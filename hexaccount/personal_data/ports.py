from typing import Protocol
from uuid import UUID

from hexaccount.personal_data.account_key import AccountKey


class AccountCipher(Protocol):
    """Encrypts data under the key of an account (AEAD), and that key under the root key."""

    def make_key(self, account_id: UUID) -> AccountKey: ...

    def encrypt(self, key: AccountKey, data: bytes, *, name: str) -> str:
        """Return the encrypted data, which decrypts with the same name only; raises LostRootKey."""
        ...

    def decrypt(self, key: AccountKey, encrypted: str, *, name: str) -> bytes:
        """Return the data; raises LostRootKey, and ValueError if name or key differ, or the text was changed."""
        ...

    def rewrap(self, key: AccountKey) -> AccountKey:
        """Return the same key under the current root key; raises LostRootKey."""
        ...


class LostRootKey(Exception):
    """The key of an account is encrypted under a root key that the settings do not have."""

    def __init__(self) -> None:
        super().__init__(
            "the keys of accounts are encrypted under another jwt.key; set personal_data.previous_key to that one, and "
            "run `hexaccount migrate`"
        )
