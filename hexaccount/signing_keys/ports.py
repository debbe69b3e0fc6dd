"""What signing keys need from a store and from cryptography."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hexaccount.kernel.errors import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredKey:
    """A signing key as it is stored, its private part sealed (an AEAD envelope under the root key).

    It signs from `signs_from` on, until a newer key does or it is retired.
    """

    kid: str
    algorithm: str
    sealed: str = field(repr=False)
    created_at: datetime
    signs_from: datetime
    retired_at: datetime | None = None


class SignerUnreadable(Exception):
    """The signing key cannot be opened: it was sealed under another `jwt.key`."""

    def __init__(self, kid: str) -> None:
        super().__init__(
            f"set the earlier jwt.key again, or remove the signing key {kid} and add another: it was sealed under "
            "another jwt.key than this process has"
        )


class KeyRefused(Refusal):
    """A command about a signing key would harm tokens or the service."""

    code = "key_refused"


class KeyNotFound(KeyRefused):
    """No stored key has this id."""

    code = "signing_key_not_found"

    def __init__(self) -> None:
        super().__init__("there is no signing key with this id")


class KeyFromSettings(KeyRefused):
    """The key is the root key, which only the settings can change."""

    code = "signing_key_from_settings"

    def __init__(self) -> None:
        super().__init__("this is the key of the setting jwt.key")


class KeyInUse(KeyRefused):
    """A valid token may need the key."""

    code = "signing_key_in_use"


ALGORITHMS = ("EdDSA", "ES256", "RS256", "HS256")
"""The algorithms of signing keys; the public keys of all but the last are published."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootKey:
    """The public part of the key of the setting `jwt.key`, which signs when no stored key does."""

    kid: str
    algorithm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptedKey:
    """A new key, whose private part only a service with the same `jwt.key` can open."""

    kid: str
    algorithm: str
    sealed: str = field(repr=False)


class KeyFactory(Protocol):
    """Makes signing keys, sealed for the store."""

    @property
    def root_key(self) -> RootKey: ...

    def make(self, algorithm: str) -> EncryptedKey:
        """Return a new key for one of ALGORITHMS."""
        ...

    def can_open(self, key: StoredKey) -> bool:
        """Tell whether this service can use a stored key; it cannot if that was sealed under another `jwt.key`."""
        ...
