from collections.abc import Callable, Mapping
from typing import Any

from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, root_key
from hexaccount_verifier import InvalidToken, TokenVerifier
from tests.adapters.security.forgeries import NOW
from tests.adapters.security.key_pairs import pem


def issuer(algorithm: str = "EdDSA") -> tuple[JwtIssuer, KeyRing]:
    ring = KeyRing(EncryptedKeyFactory(root_key(pem(algorithm), algorithm)))
    return JwtIssuer(
        ring, issuer="https://accounts.example", audience="https://api.example", client_id="hexaccount"
    ), ring


def verifier(keys: Any, now: Callable[[], Any] = lambda: NOW, **options: Any) -> TokenVerifier:
    return TokenVerifier(keys, issuer="https://accounts.example", audience="https://api.example", now=now, **options)


class Publisher:
    """Returns a key set as hexaccount does, and counts the fetches."""

    def __init__(self, *jwks: Mapping[str, Any]) -> None:
        self.jwks = list(jwks)
        self.fetched = 0
        self.error: Exception | None = None

    def __call__(self) -> Mapping[str, Any]:
        self.fetched += 1
        if self.error:
            raise self.error
        return {"keys": self.jwks}


def rejects(tokens: TokenVerifier, token: str) -> bool:
    try:
        tokens.verify(token)
    except InvalidToken:
        return True
    return False
