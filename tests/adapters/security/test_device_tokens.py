from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.accounts.user import User
from hexaccount.conformance.suites.factory import Factory
from hexaccount_security import HmacDeviceTokens
from hexaccount_security.derived_key import derived_key

SECRET = b"the secret of these tests, long enough for all"
DEVICE = UUID(int=7)
tokens = HmacDeviceTokens(SECRET)


@pytest.fixture(scope="module")
def ada() -> User:
    return Factory().user()


def test_a_token_identifies_the_device_for_which_it_was_issued(ada: User) -> None:
    token = tokens.issue(ada, DEVICE)
    assert tokens.device_of(token, ada) == DEVICE
    assert tokens.issue(ada, DEVICE) == token
    assert HmacDeviceTokens(SECRET).device_of(token, ada) == DEVICE


def test_a_token_is_invalid_for_another_account_epoch_or_secret_and_for_an_unknown_user(ada: User) -> None:
    token = tokens.issue(ada, DEVICE)
    assert tokens.device_of(token, Factory().user()) is None
    assert tokens.device_of(token, replace(ada, epoch=1)) is None
    assert tokens.device_of(token, None) is None
    assert HmacDeviceTokens(SECRET + b"!").device_of(token, ada) is None


@pytest.mark.parametrize("position", range(64))
def test_a_token_with_any_character_changed_is_invalid(ada: User, position: int) -> None:
    token = tokens.issue(ada, DEVICE)
    for character in "A_-z":
        changed = token[:position] + character + token[position + 1 :]
        if changed != token:
            assert tokens.device_of(changed, ada) is None


@given(st.text(max_size=80) | st.text("ABCxyz019-_=", min_size=64, max_size=64) | st.none())
def test_a_malformed_token_identifies_no_device(text: str | None) -> None:
    assert tokens.device_of(text, Factory().user()) is None


def test_a_token_has_one_spelling_and_does_not_contain_its_account(ada: User) -> None:
    token = tokens.issue(ada, DEVICE)
    for spelling in (token + "=", " " + token, token + "\n", token[:-1], token.swapcase()):
        assert tokens.device_of(spelling, ada) is None
    assert ada.id.hex not in token


def test_keys_of_different_purposes_differ() -> None:
    keys = {derived_key(SECRET, purpose) for purpose in ("keys of limits", "tokens of devices")}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {32}
    assert SECRET not in keys
