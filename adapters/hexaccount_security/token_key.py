from collections.abc import Mapping
from typing import Protocol

import msgspec

from hexaccount_security import base64url


class TokenKey(Protocol):
    """A key that signs tokens and verifies those it signed.

    `header` is the encoded header of its tokens. `public_jwk` verifies them; None for a symmetric key.
    """

    @property
    def kid(self) -> str: ...
    @property
    def algorithm(self) -> str: ...
    @property
    def header(self) -> str: ...
    @property
    def secret(self) -> bytes: ...
    @property
    def public_jwk(self) -> Mapping[str, str] | None: ...

    def sign(self, signing_input: str) -> str:
        """Return the signature of the first two parts of a token (RFC 7515)."""
        ...

    def verifies(self, signing_input: str, signature: str) -> bool:
        """Return whether a signature is of this key; a malformed one is not."""
        ...


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of a token, with exactly these members."""

    alg: str
    kid: str
    typ: str


def header_of(algorithm: str, kid: str) -> str:
    """Return the encoded header of the tokens of a key."""
    return base64url.encode(msgspec.json.encode(Header(algorithm, kid, "at+jwt")))
