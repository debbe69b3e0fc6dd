from dataclasses import dataclass, field
from typing import Protocol

from hexaccount.application.ports.signing_keys import StoredKey

ALGORITHMS = ("EdDSA", "ES256", "RS256", "HS256")
"""What keys may be made for; the public parts of all but the last are published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeedKey:
    """What may be told of the key of the setting `jwt.key`, which signs where no stored key does."""

    kid: str
    algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedKey:
    """A new key, whose private part only services with the same `jwt.key` can open."""

    kid: str
    algorithm: str
    sealed: str = field(repr=False)


class KeySmith(Protocol):
    """Makes keys and seals them."""

    @property
    def seed(self) -> SeedKey:
        """Return what is known of the key of the settings."""
        ...

    def make(self, algorithm: str) -> SealedKey:
        """Return a new key for one of ALGORITHMS."""
        ...

    def can_open(self, key: StoredKey) -> bool:
        """Tell whether this service can use a stored key; it cannot if that was sealed under another `jwt.key`."""
        ...
