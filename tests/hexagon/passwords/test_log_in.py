from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.bootstrap.service import Service
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.password import Password
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.log_out import LogOut
from hexaccount.sessions.ports import AccessClaims
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.hexagon.sessions.devices import is_live, log_in
from tests.people import PASSWORD, registration


@pytest.mark.parametrize(
    "name",
    [
        "juliet",
        "JULIET",
        "\uff4auliet",
        " juliet",
        "juliet\u3000\n",
        "juliet@example.org",
        "Juliet@Example.ORG",
        "juliet@EXAMPLE.org",
        "\tjuliet@example.org ",
    ],
)
def test_a_user_logs_in_by_name_or_email_address_in_any_spelling(service: Service, juliet: UUID, name: str) -> None:
    tokens = log_in(service, name)
    caller = service.bus.handle(Authenticate(token=tokens.token))
    assert (caller.user.id, caller.session_id, tokens.expires_in) == (juliet, tokens.session_id, 900)


def test_a_password_matches_in_every_unicode_normal_form(service: Service) -> None:
    service.bus.handle(replace(registration("romeo"), password=Password("pass\u0301word 1")))
    for typed in ("pass\u0301word 1", "pas\u015bword 1", "\uff50as\u015bword 1"):
        assert log_in(service, "romeo", typed)


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("romeo", PASSWORD),
        ("romeo@example.org", PASSWORD),
        ("juliet", "wrong"),
        ("juliet", ""),
        ("juliet", PASSWORD + "x"),
        ("ju liet", PASSWORD),
        ("", PASSWORD),
        ("@", PASSWORD),
        ("x" * 10_000, PASSWORD),
        ("\ud800", "\ud800"),
        ("juliet", "\0" + PASSWORD),
    ],
    ids=lambda text: ascii(text)[:20],
)
def test_every_wrong_login_gets_the_same_error(service: Service, juliet: UUID, name: str, password: str) -> None:
    with pytest.raises(WrongCredentials) as refusal:
        log_in(service, name, password)
    assert str(refusal.value) == "the user name or the password is wrong"
    assert refusal.value.__context__ is None


def test_a_user_cannot_log_in_by_id(service: Service, juliet: UUID) -> None:
    with pytest.raises(WrongCredentials):
        log_in(service, str(juliet))


def test_logging_out_ends_one_session_only(service: Service, juliet: UUID) -> None:
    laptop, phone = log_in(service), log_in(service)
    assert laptop.token != phone.token
    service.bus.handle(LogOut(session_id=laptop.session_id))
    assert (is_live(service, laptop), is_live(service, phone)) == (False, True)


def test_logging_out_twice_or_of_an_unknown_session_changes_nothing(service: Service, juliet: UUID) -> None:
    tokens = log_in(service)
    for session_id in (tokens.session_id, tokens.session_id, juliet):
        service.bus.handle(LogOut(session_id=session_id))
    with service.store.unit_of_work() as uow:
        types = [entry.type for entry in uow.journal.of("session", tokens.session_id)]
    assert types == ["hexaccount.session.opened.v1", "hexaccount.session.closed.v1"]


def test_access_ends_with_its_lifetime(service: Service, juliet: UUID, clock: AdjustableClock) -> None:
    tokens = log_in(service)
    clock.advance(seconds=899)
    assert is_live(service, tokens)
    clock.advance(seconds=1)
    assert not is_live(service, tokens)


def test_disabling_a_user_ends_all_sessions_and_prevents_logins(service: Service, juliet: UUID) -> None:
    tokens = log_in(service)
    service.bus.handle(DisableUser(user_id=juliet))
    assert not is_live(service, tokens)
    with pytest.raises(WrongCredentials):
        log_in(service)


def test_an_enabled_user_has_to_log_in_again(service: Service, juliet: UUID) -> None:
    before = log_in(service)
    service.bus.handle(DisableUser(user_id=juliet))
    service.bus.handle(EnableUser(user_id=juliet))
    assert not is_live(service, before)
    assert is_live(service, log_in(service))


def test_a_forged_token_is_not_accepted(service: Service, juliet: UUID, clock: AdjustableClock) -> None:
    token = log_in(service).token
    header, body, signature = token.split(".")
    for forged in ("", "x", f"{header}.{body}.", f"{header}.{body}.{signature[:-2]}", f"{header}..{signature}"):
        with pytest.raises(NotAuthenticated):
            service.bus.handle(Authenticate(token=forged))


def test_a_token_without_a_stored_session_is_not_accepted(
    service: Service, juliet: UUID, clock: AdjustableClock
) -> None:
    issuer = service.container.tokens()
    later = clock.now() + timedelta(hours=1)

    def token(session_id: UUID, user_id: UUID) -> str:
        claims = AccessClaims(
            token_id=juliet, user_id=user_id, session_id=session_id, issued_at=clock.now(), expires_at=later, epoch=0
        )
        return issuer.issue(claims)

    session_id = log_in(service).session_id
    romeo = service.bus.handle(registration("romeo"))
    assert service.bus.handle(Authenticate(token=token(session_id, juliet)))
    for forged in (token(juliet, juliet), token(session_id, romeo)):
        with pytest.raises(NotAuthenticated):
            service.bus.handle(Authenticate(token=forged))
