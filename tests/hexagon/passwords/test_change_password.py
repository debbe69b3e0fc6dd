from collections.abc import Callable
from itertools import pairwise
from typing import Any
from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.change_password import ChangePassword
from hexaccount.passwords.errors import WrongCredentials, WrongPassword
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.authenticate import Authenticate
from hexaccount.sessions.end_sessions import EndSessions
from hexaccount.sessions.errors import InvalidRefreshToken, NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
from hexaccount.sessions.list_sessions import ListSessions
from hexaccount.sessions.log_out import LogOut
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.hexagon.passwords.changes import NEW, change, hash_of
from tests.hexagon.passwords.counted_bcrypt import CountedBcrypt
from tests.hexagon.sessions.devices import can_refresh, history, is_live, listed, log_in, refresh
from tests.people import PASSWORD, registration


def test_only_the_new_password_is_accepted_after_a_change(service: Service, juliet: UUID, laptop: IssuedTokens) -> None:
    change(service, laptop)
    assert is_live(service, log_in(service, password=NEW))
    with pytest.raises(WrongCredentials):
        log_in(service, password=PASSWORD)


def test_a_change_ends_all_sessions_and_their_tokens_and_opens_a_new_one(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    changed = change(service, laptop)
    for ended in (laptop, phone):
        assert not is_live(service, ended)
        assert not can_refresh(service, ended)
    assert is_live(service, changed)
    assert is_live(service, refresh(service, changed.refresh))
    assert listed(service, juliet) == [changed.session_id]
    assert history(service, "session", changed.session_id) == ["opened"]


def test_a_token_spent_just_before_the_change_is_not_repeated(service: Service, laptop: IssuedTokens) -> None:
    refresh(service, laptop.refresh)
    change(service, laptop)
    with pytest.raises(InvalidRefreshToken):
        refresh(service, laptop.refresh)


def test_the_new_session_is_that_of_the_client_that_changes_the_password(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    command = ChangePassword.of_text(
        session_id=laptop.session_id, current=PASSWORD, new=NEW, client_address="192.0.2.9", user_agent="A browser"
    )
    changed = service.bus.handle(command)
    (session,) = service.bus.handle(ListSessions(user_id=juliet)).sessions
    assert (session.id, session.address, session.device) == (changed.session_id, "192.0.2.9", "A browser")


def test_the_events_of_a_change_contain_no_password_and_no_hash(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    before = hash_of(service, juliet)
    change(service, laptop)
    assert history(service, "user", juliet) == ["registered", "password_changed"]
    with service.store.unit_of_work() as uow:
        journal = repr([uow.journal.of("user", juliet), uow.journal.of("session", laptop.session_id)])
    assert not [secret for secret in (PASSWORD, NEW, before, hash_of(service, juliet)) if secret in journal]


@pytest.mark.parametrize("current", ["", "wrong", NEW, PASSWORD + " ", "\0", "\ud800", "x" * 100_000], ids=ascii)
def test_a_wrong_current_password_changes_nothing(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens, current: str
) -> None:
    before = hash_of(service, juliet)
    with pytest.raises(WrongPassword) as refusal:
        change(service, laptop, current=current)
    assert str(refusal.value) == "is not the password of this account"
    assert hash_of(service, juliet) == before
    assert is_live(service, laptop)
    assert is_live(service, phone)
    assert history(service, "user", juliet) == ["registered"]


def test_the_current_password_matches_in_every_unicode_normal_form(service: Service, laptop: IssuedTokens) -> None:
    changed = change(service, laptop, new="pass\u0301word 1")
    change(service, changed, current="pas\u015bword 1", new=NEW)
    assert log_in(service, password=NEW)


def test_a_password_may_be_changed_repeatedly(service: Service, laptop: IssuedTokens) -> None:
    passwords = [PASSWORD, NEW, "the third password", PASSWORD]
    tokens = laptop
    for current, new in pairwise(passwords):
        tokens = change(service, tokens, current=current, new=new)
    assert is_live(service, tokens)
    assert log_in(service, password=PASSWORD)


@pytest.mark.parametrize(
    ("new", "reason"), [("tiny", "is too short"), ("x" * 129, "is too long"), ("a\tb" * 4, "contr")]
)
def test_an_invalid_new_password_is_refused_with_its_field_and_reason(
    service: Service, laptop: IssuedTokens, new: str, reason: str
) -> None:
    with pytest.raises(InvalidInput) as refusal:
        change(service, laptop, new=new)
    assert list(refusal.value.errors) == ["new_password"]
    assert reason in refusal.value.errors["new_password"]
    assert new not in str(refusal.value)


@pytest.mark.parametrize("current", [PASSWORD, "wrong"])
@pytest.mark.parametrize(
    "end",
    [
        lambda user_id, tokens: LogOut(session_id=tokens.session_id),
        lambda user_id, tokens: EndSessions(user_id=user_id),
        lambda user_id, tokens: DisableUser(user_id=user_id),
    ],
    ids=["logout", "all sessions", "disabling"],
)
def test_an_ended_session_changes_nothing_and_cannot_test_the_password(
    service: Service, juliet: UUID, laptop: IssuedTokens, end: Callable[[UUID, IssuedTokens], Any], current: str
) -> None:
    before = hash_of(service, juliet)
    service.bus.handle(end(juliet, laptop))
    with pytest.raises(NotAuthenticated):
        change(service, laptop, current=current)
    assert hash_of(service, juliet) == before


def test_an_unknown_session_changes_nothing(service: Service) -> None:
    with pytest.raises(NotAuthenticated):
        service.bus.handle(ChangePassword.of_text(session_id=uuid4(), current=PASSWORD, new=NEW))


def test_a_wrong_current_password_costs_one_hash_and_a_change_two(
    service: Service, laptop: IssuedTokens, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    with pytest.raises(WrongPassword):
        change(service, laptop, current="wrong")
    change(service, laptop)
    assert counted.costs == [4, 4, 4]


def test_a_new_password_is_hashed_with_the_configured_cost(clock: AdjustableClock) -> None:
    with open_service(Settings(store="memory://", password=PasswordSettings(cost=5)), clock=clock) as service:
        juliet = service.bus.handle(registration("juliet"))
        change(service, log_in(service))
        assert hash_of(service, juliet).split("$")[2].endswith("r=5")


def test_representations_hide_passwords() -> None:
    commands = [
        ChangePassword.of_text(session_id=uuid4(), current=PASSWORD, new=NEW),
        SetPassword.of_text(user_id=uuid4(), password=NEW),
    ]
    assert not [secret for secret in (PASSWORD, NEW) if secret in repr(commands)]


def test_the_new_token_identifies_the_same_user(service: Service, juliet: UUID, laptop: IssuedTokens) -> None:
    changed = change(service, laptop)
    assert service.bus.handle(Authenticate(token=changed.token)).user.id == juliet
