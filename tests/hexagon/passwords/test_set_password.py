from uuid import UUID, uuid4

import pytest

from hexaccount.accounts.disable_user import DisableUser
from hexaccount.accounts.enable_user import EnableUser
from hexaccount.accounts.errors import UserNotFound
from hexaccount.bootstrap.service import Service
from hexaccount.kernel.errors import InvalidInput
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.passwords.set_password import SetPassword
from hexaccount.sessions.issued_tokens import IssuedTokens
from tests.hexagon.passwords.changes import NEW
from tests.hexagon.passwords.counted_bcrypt import CountedBcrypt
from tests.hexagon.sessions.devices import can_refresh, history, is_live, log_in
from tests.people import PASSWORD


def test_setting_a_password_needs_no_current_one_and_ends_every_session(
    service: Service, juliet: UUID, laptop: IssuedTokens, phone: IssuedTokens
) -> None:
    service.bus.handle(SetPassword.of_text(user_id=juliet, password=NEW))
    assert [is_live(service, tokens) for tokens in (laptop, phone)] == [False, False]
    assert [can_refresh(service, tokens) for tokens in (laptop, phone)] == [False, False]
    assert is_live(service, log_in(service, password=NEW))
    with pytest.raises(WrongCredentials):
        log_in(service, password=PASSWORD)
    assert history(service, "user", juliet) == ["registered", "password_changed"]


def test_setting_a_password_does_not_enable_a_disabled_account(service: Service, juliet: UUID) -> None:
    service.bus.handle(DisableUser(user_id=juliet))
    service.bus.handle(SetPassword.of_text(user_id=juliet, password=NEW))
    with pytest.raises(WrongCredentials):
        log_in(service, password=NEW)
    service.bus.handle(EnableUser(user_id=juliet))
    assert is_live(service, log_in(service, password=NEW))


def test_setting_the_password_of_an_unknown_user_costs_no_hash(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted = CountedBcrypt(monkeypatch)
    with pytest.raises(UserNotFound):
        service.bus.handle(SetPassword.of_text(user_id=uuid4(), password=NEW))
    assert counted.costs == []


def test_a_set_password_must_be_valid() -> None:
    with pytest.raises(InvalidInput) as refusal:
        SetPassword.of_text(user_id=uuid4(), password="short")
    assert list(refusal.value.errors) == ["password"]
