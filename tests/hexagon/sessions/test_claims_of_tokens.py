"""`jwt.claims`: the roles and permissions of the account, as they are when a token is issued."""

from collections.abc import Iterator
from typing import Any

import jwt
import pytest

from hexaccount.accounts.role import Role
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.roles.grant_role import GrantRole
from hexaccount.roles.revoke_role import RevokeRole
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.refresh_session import RefreshSession
from tests.people import PASSWORD, log_in, registration
from tests.signing_key import SIGNING_KEY


@pytest.fixture
def service() -> Iterator[Service]:
    settings = Settings(
        store="memory://",
        jwt=JwtSettings(key=SIGNING_KEY, claims=["roles", "scope"]),
        password=PasswordSettings(cost=4),
        roles={"support": ["users.read", "sessions.read"]},
    )
    with open_service(settings) as service:
        yield service


def claims(tokens: IssuedTokens) -> tuple[Any, Any]:
    payload = jwt.decode(tokens.token, options={"verify_signature": False})
    return payload["roles"], payload.get("scope")


def test_every_way_to_a_token_reads_the_account(service: Service) -> None:
    juliet = service.bus.handle(registration("juliet"))
    tokens = log_in(service.bus)
    assert claims(tokens) == (["user"], None)
    service.bus.handle(GrantRole(user_id=juliet, role=Role("support")))
    tokens = service.bus.handle(RefreshSession(refresh=tokens.refresh))
    assert claims(tokens) == (["user", "support"], "sessions.read users.read")
    service.bus.handle(GrantRole(user_id=juliet, role=Role.ADMIN))
    change = ChangePassword.of_text(session_id=tokens.session_id, current=PASSWORD, new="fresh as the morning dew")
    changed = claims(service.bus.handle(change))
    assert changed[0] == ["user", "admin", "support"]
    assert {"users.read", "sessions.read", "sessions.end"} <= set(changed[1].split())


def test_this_service_believes_the_account_and_not_the_claims(service: Service) -> None:
    juliet = service.bus.handle(registration("juliet", role=Role("support")))
    tokens = log_in(service.bus)
    assert claims(tokens)[0] == ["user", "support"]
    service.bus.handle(RevokeRole(user_id=juliet, role=Role("support")))
    assert service.bus.handle(Authenticate(token=tokens.token)).permissions == frozenset()
