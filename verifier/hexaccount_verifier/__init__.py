"""Verifies hexaccount's access tokens in another service; its only dependency is `pyjwt[crypto]`."""

from hexaccount_verifier.claims import Claims
from hexaccount_verifier.errors import InvalidToken, KeysUnavailable, MalformedEvent
from hexaccount_verifier.jwks import jwks_at
from hexaccount_verifier.token_verifier import TokenVerifier

__all__ = ["Claims", "InvalidToken", "KeysUnavailable", "MalformedEvent", "TokenVerifier", "jwks_at"]
