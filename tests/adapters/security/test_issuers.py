"""Tokens of several issuers under one ring of keys, and the claims that other services ask for."""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import jwt
import pytest

from hexaccount.sessions.ports import InvalidToken
from hexaccount_security import EncryptedKeyFactory, JwtIssuer, KeyRing, root_key
from tests.adapters.security.test_jwt_issuer import CLAIMS, KEY, NOW

OLD, NEW = "hexaccount", "https://accounts.example.org"
GRANTED = replace(CLAIMS, roles=["user", "support"], permissions=["sessions.end", "users.read"])


def instance(issuer: str, accepted: Collection[str] = (), claims: Collection[str] = ()) -> JwtIssuer:
    ring = KeyRing(EncryptedKeyFactory(root_key(KEY, "HS256")))
    return JwtIssuer(
        ring, issuer=issuer, accepted_issuers=accepted, audience="a", client_id="hexaccount", claims=claims
    )


def payload(token: str) -> dict[str, Any]:
    read: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return read


STEPS = [instance(OLD), instance(OLD, [NEW]), instance(NEW, [OLD]), instance(NEW)]
"""The settings of each step in which `docs/operations.md` changes the issuer."""


@pytest.mark.parametrize(("before", "after"), [(STEPS[0], STEPS[1]), (STEPS[1], STEPS[2])])
def test_instances_of_two_steps_accept_the_tokens_of_each_other(before: JwtIssuer, after: JwtIssuer) -> None:
    for issuing in (before, after):
        for verifying in (before, after):
            assert verifying.verify(issuing.issue(CLAIMS), now=NOW) == CLAIMS


def test_after_the_last_step_the_old_issuer_is_refused() -> None:
    assert STEPS[3].verify(STEPS[2].issue(CLAIMS), now=NOW) == CLAIMS
    for issuing in STEPS[:2]:
        with pytest.raises(InvalidToken, match="another issuer"):
            STEPS[3].verify(issuing.issue(CLAIMS), now=NOW)


def test_the_issuer_is_no_part_of_the_key_id() -> None:
    assert len({step.issue(CLAIMS).partition(".")[0] for step in STEPS}) == 1


@pytest.mark.parametrize(
    ("claims", "written"),
    [
        ([], {}),
        (["roles"], {"roles": ["user", "support"]}),
        (["scope"], {"scope": "sessions.end users.read"}),
        (["scope", "roles"], {"roles": ["user", "support"], "scope": "sessions.end users.read"}),
    ],
)
def test_a_token_carries_the_claims_of_the_setting(claims: list[str], written: dict[str, Any]) -> None:
    token = instance(NEW, claims=claims).issue(GRANTED)
    assert {name: value for name, value in payload(token).items() if name in {"roles", "scope"}} == written


def test_an_account_without_permissions_has_no_scope() -> None:
    token = instance(NEW, claims=["roles", "scope"]).issue(replace(GRANTED, permissions=[]))
    assert payload(token)["roles"] == ["user", "support"]
    assert "scope" not in payload(token)


def test_an_instance_accepts_tokens_with_claims_that_it_does_not_write_and_ignores_them() -> None:
    token = instance(NEW, claims=["roles", "scope"]).issue(GRANTED)
    assert instance(NEW).verify(token, now=NOW) == CLAIMS
