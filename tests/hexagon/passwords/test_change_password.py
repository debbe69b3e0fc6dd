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
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount.sessions.issued_tokens import IssuedTokens
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


def test_the_session_that_changes_the_password_keeps_its_tokens(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    change(service, laptop)
    assert is_live(service, laptop)
    following = refresh(service, laptop.refresh)
    assert is_live(service, following)
    assert listed(service, juliet) == [laptop.session_id]
    assert history(service, "session", laptop.session_id) == ["opened", "kept"]


def test_a_token_spent_just_before_the_change_may_still_be_repeated(service: Service, laptop: IssuedTokens) -> None:
    following = refresh(service, laptop.refresh)
    change(service, laptop)
    assert refresh(service, laptop.refresh).refresh == following.refresh


def test_a_change_ends_all_other_sessions_and_their_tokens(
    service: Service, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    change(service, laptop)
    assert not is_live(service, phone)
    assert not can_refresh(service, phone)


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
    change(service, laptop, new="pass\u0301word 1")
    change(service, laptop, current="pas\u015bword 1", new=NEW)
    assert log_in(service, password=NEW)


def test_one_session_may_change_the_password_repeatedly(service: Service, laptop: IssuedTokens) -> None:
    passwords = [PASSWORD, NEW, "the third password", PASSWORD]
    for current, new in pairwise(passwords):
        change(service, laptop, current=current, new=new)
    assert is_live(service, laptop)
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


def test_the_token_of_the_changing_session_identifies_the_same_user(
    service: Service, juliet: UUID, laptop: IssuedTokens
) -> None:
    change(service, laptop)
    assert service.bus.handle(Authenticate(token=laptop.token)).user.id == juliet
