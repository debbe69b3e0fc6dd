from dataclasses import dataclass, field
from uuid import UUID

from hexaccount.kernel.records import LookUp, RecordType

BY_ACCOUNT = LookUp()


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountKey:
    """The key that encrypts what is personal in the events of an account.

    wrapped: the key, encrypted under the root key.
    root: names the root key.
    """

    account_id: UUID
    wrapped: str = field(repr=False)
    root: str


MOVED = AccountKey(account_id=UUID(int=0), wrapped="", root="personal_data.keys")
"""Stands in the store of the accounts for all keys, where they are in a store of their own."""

ACCOUNT_KEYS = RecordType.of(AccountKey, "account_keys", kind="account key", look_ups=(BY_ACCOUNT,))
