"""What signing keys need from outside."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hexaccount.kernel.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A key of the ring as the store keeps it, its private part sealed.

    It signs from `signs_from` on, until a newer key does or it is retired.
    """

    kid: str
    algorithm: str
    sealed: str = field(repr=False)
    created_at: datetime
    signs_from: datetime
    retired_at: datetime | None = None


class SigningKeys(Protocol):
    """The keys that the processes of a service share; each method is one atomic step."""

    def all(self) -> Sequence[StoredKey]:
        """Return every key, by ascending `signs_from`, then `kid`."""
        ...

    def add(self, key: StoredKey) -> None:
        """Take in a key; raises KeyRefused where one of this name is there."""
        ...

    def retire(self, kid: str, at: datetime) -> bool:
        """Note that a key signs no more from `at` on, and tell whether it did; one that is retired stays as it is."""
        ...

    def remove(self, kid: str) -> bool:
        """Forget a key, and tell whether there was one."""
        ...


class SignerUnreadable(Exception):
    """The key that is to sign cannot be opened: it was sealed under another `jwt.key`."""

    def __init__(self, kid: str) -> None:
        super().__init__(
            f"the signing key {kid} was sealed under another jwt.key than this process has; set that again, or remove "
            "the key and add another"
        )


class KeyRefused(Refusal):
    """An order about a signing key that cannot be followed without harm to tokens or to the service."""

    code = "key_refused"


ALGORITHMS = ("EdDSA", "ES256", "RS256", "HS256")
"""What keys may be made for; the public parts of all but the last are published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """What may be told of the key of the setting `jwt.key`, which signs where no stored key does."""

    kid: str
    algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedKey:
    """A new key, whose private part only services with the same `jwt.key` can open."""

    kid: str
    algorithm: str
    sealed: str = field(repr=False)


class KeyFactory(Protocol):
    """Makes keys and seals them."""

    @property
    def seed(self) -> RootKey:
        """Return what is known of the key of the settings."""
        ...

    def make(self, algorithm: str) -> EncryptedKey:
        """Return a new key for one of ALGORITHMS."""
        ...

    def can_open(self, key: StoredKey) -> bool:
        """Tell whether this service can use a stored key; it cannot if that was sealed under another `jwt.key`."""
        ...
