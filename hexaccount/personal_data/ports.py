from typing import Protocol
from uuid import UUID

from hexaccount.kernel.unit_of_work import StoreRefused
from hexaccount.personal_data.account_key import AccountKey


class DataCipher(Protocol):
    """Encrypts the data of one account (AEAD)."""

    def encrypt(self, data: bytes, *, name: str) -> str:
        """Return the encrypted data, which decrypts with the same name only."""
        ...

    def decrypt(self, encrypted: str, *, name: str) -> bytes:
        """Return the data; raises ValueError if name or key differ, or the text was changed."""
        ...


class AccountCipher(Protocol):
    """Makes the keys of accounts, which are stored encrypted under the root key."""

    def make_key(self, account_id: UUID) -> tuple[AccountKey, DataCipher]:
        """Return a new key and what encrypts with it."""
        ...

    def open(self, key: AccountKey) -> DataCipher:
        """Return what encrypts with a key; raises LostRootKey."""
        ...

    def rewrap(self, key: AccountKey) -> AccountKey:
        """Return the key encrypted under the current root key, itself if it is so already; raises LostRootKey."""
        ...


class LostRootKey(StoreRefused):
    """The key of an account is encrypted under a root key that the settings do not have."""

    def __init__(self) -> None:
        super().__init__(
            "the keys of accounts are encrypted under another jwt.key",
            "set personal_data.previous_key to that one, and run `hexaccount migrate`",
        )


class KeysElsewhere(StoreRefused):
    """The keys of accounts were moved to another store, which the settings do not name."""

    def __init__(self) -> None:
        super().__init__(
            "the keys of accounts are in a store of their own",
            "set personal_data.keys to its URL, as every process of the service has it",
        )
