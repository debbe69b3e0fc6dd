from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.accounts.user import User
from hexaccount.conformance.suites.factory import Factory
from hexaccount.passwords.ports import KnownDevice
from hexaccount_security import EncryptedDeviceTokens, base64url
from hexaccount_security.derived_key import derived_key

SECRET = b"the secret of these tests, long enough for all"
DEVICE = UUID(int=7)
tokens = EncryptedDeviceTokens(SECRET)


@pytest.fixture(scope="module")
def ada() -> User:
    return Factory().user()


def test_a_token_names_the_device_and_the_account_for_which_it_was_issued(ada: User) -> None:
    token = tokens.issue(ada, DEVICE)
    for reader in (tokens, EncryptedDeviceTokens(SECRET)):
        assert reader.read(token) == KnownDevice(DEVICE, ada.id, ada.epoch)
    assert EncryptedDeviceTokens(SECRET + b"!").read(token) is None


@pytest.mark.parametrize("position", range(76))
def test_a_token_with_any_character_changed_is_invalid(ada: User, position: int) -> None:
    token = tokens.issue(ada, DEVICE)
    for character in "A_-z":
        changed = token[:position] + character + token[position + 1 :]
        if changed != token:
            assert tokens.read(changed) is None


@given(st.text(max_size=120) | st.text("ABCxyz019-_=", min_size=76, max_size=76) | st.none())
def test_a_malformed_token_names_no_device(text: str | None) -> None:
    assert tokens.read(text) is None


def test_a_token_has_one_spelling_and_does_not_reveal_its_account(ada: User) -> None:
    token = tokens.issue(ada, DEVICE)
    for spelling in (token + "=", " " + token, token + "\n", token[:-1], token.swapcase()):
        assert tokens.read(spelling) is None
    data = base64url.decode(token)
    assert ada.id.bytes not in data
    assert DEVICE.bytes not in data
    assert tokens.issue(ada, DEVICE) == token


def test_keys_of_different_purposes_differ() -> None:
    keys = {derived_key(SECRET, purpose) for purpose in ("keys of limits", "tokens of devices")}
    assert len(keys) == 2
    assert {len(key) for key in keys} == {32}
    assert SECRET not in keys
