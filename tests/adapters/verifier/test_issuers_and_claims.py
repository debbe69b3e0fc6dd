"""The verifier takes several issuers while one changes, and reads roles and scope."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import jwt
import pytest

from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, root_key
from hexaccount_verifier import InvalidToken, TokenVerifier
from tests.adapters.security.forgeries import CLAIMS, KEY, NOW, TOKEN
from tests.adapters.verifier.verifiers import verifier

OLD, NEW = "hexaccount", "https://accounts.example.org"


def token(issuer: str, claims: Collection[str] = (), **granted: Any) -> str:
    ring = KeyRing(EncryptedKeyFactory(root_key(KEY, "HS256")))
    tokens = JwtIssuer(ring, issuer=issuer, audience="a", client_id="hexaccount", claims=claims)
    return tokens.issue(replace(CLAIMS, **granted))


def test_it_accepts_each_of_its_issuers_and_no_other() -> None:
    both = TokenVerifier(KEY, issuer=[OLD, NEW], audience="a", now=lambda: NOW)
    assert both.verify(token(OLD)).user_id == both.verify(token(NEW)).user_id == CLAIMS.user_id
    for other in ("hex", "https://accounts.example.org/", ""):
        with pytest.raises(InvalidToken):
            both.verify(token(other))
    with pytest.raises(InvalidToken):
        TokenVerifier(KEY, issuer=NEW, audience="a", now=lambda: NOW).verify(token(OLD))


def test_roles_and_scope_are_those_of_the_token_or_empty() -> None:
    tokens = TokenVerifier(KEY, issuer=NEW, audience="a", now=lambda: NOW)
    granted = {"roles": ["user", "support"], "permissions": ["sessions.read", "users.read"]}
    claims = tokens.verify(token(NEW, ["roles", "scope"], **granted))
    assert (claims.roles, claims.scope) == ({"user", "support"}, {"sessions.read", "users.read"})
    claims = tokens.verify(token(NEW, **granted))
    assert (claims.roles, claims.scope) == (frozenset(), frozenset())


@pytest.mark.parametrize("wrong", [{"roles": "admin"}, {"roles": [1]}, {"roles": None}, {"scope": ["a"]}, {"scope": 1}])
def test_malformed_claims_are_invalid(wrong: dict[str, Any]) -> None:
    body = jwt.decode(TOKEN, options={"verify_signature": False}) | wrong
    with pytest.raises(InvalidToken, match=f"the claim {next(iter(wrong))} is malformed"):
        verifier(KEY).verify(jwt.encode(body, KEY, "HS256", headers=jwt.get_unverified_header(TOKEN)))
