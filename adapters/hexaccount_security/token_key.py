from collections.abc import Mapping
from typing import Protocol

import msgspec

from hexaccount_security import base64url


class TokenKey(Protocol):
    """A key that signs tokens, and knows its own.

    `header` is that of its tokens, `public_jwk` what others need to check them, None where that would let them sign.
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

    def sign(self, signed: str) -> str:
        """Return the signature of the first two parts of a token."""
        ...

    def fits(self, signed: str, signature: str) -> bool:
        """Tell whether a signature of any form is that of this key."""
        ...


class Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The header of a token, of exactly these members."""

    alg: str
    kid: str
    typ: str


def header_of(algorithm: str, kid: str) -> str:
    """Return the header of the tokens of a key, as they begin."""
    return base64url.encode(msgspec.json.encode(Header(algorithm, kid, "at+jwt")))
