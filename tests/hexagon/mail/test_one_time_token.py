from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.accounts.email_address import EmailAddress
from hexaccount.accounts.user import User
from hexaccount.mail.one_time_token import OneTimeToken, token_id_in
from tests.hexagon.sample_accounts import registered_user

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
TOKEN_ID = UUID("01a20436-11c8-7e0a-9d4e-b7c3a8f0d215")


@pytest.fixture
def user() -> User:
    return registered_user()


@pytest.fixture
def token(user: User) -> OneTimeToken:
    return OneTimeToken.request(token_id=TOKEN_ID, user_id=user.id, purpose="recovery", at=NOW, expires_at=LATER)


def test_a_token_is_valid_until_it_expires(token: OneTimeToken, user: User) -> None:
    text = token.issue(user, expires_at=LATER)

    assert token.is_valid(text, user, LATER - timedelta(milliseconds=1))
    assert not token.is_valid(text, user, LATER)


def test_only_a_digest_of_the_text_is_kept(token: OneTimeToken, user: User) -> None:
    text = token.issue(user, expires_at=LATER)

    assert text not in repr([getattr(token, name) for name in ("digests", "id", "pending")])
    assert len(token.digests) == 1


def test_a_message_that_is_sent_again_has_another_text_and_voids_none(token: OneTimeToken, user: User) -> None:
    texts = [token.issue(user, expires_at=LATER) for _ in range(3)]

    assert len(set(texts)) == 3
    assert all(token.is_valid(text, user, NOW) for text in texts)


@pytest.mark.parametrize(
    "change",
    [
        lambda user, token: user.change_password("another hash", NOW),
        lambda user, token: user.end_sessions(NOW),
        lambda user, token: user.disable(NOW),
        lambda user, token: setattr(user, "email", EmailAddress("another@example.org")),
        lambda user, token: token.void(),
    ],
    ids=["a new password", "ended sessions", "a disabled account", "another address", "another use"],
)
def test_a_token_is_worth_nothing_after(
    change: Callable[[User, OneTimeToken], None], token: OneTimeToken, user: User
) -> None:
    text = token.issue(user, expires_at=LATER)
    change(user, token)

    assert not token.is_valid(text, user, NOW)


def test_another_spelling_of_the_address_is_the_same_address(token: OneTimeToken, user: User) -> None:
    text = token.issue(user, expires_at=LATER)
    user.email = EmailAddress(user.email.text.upper())

    assert token.is_valid(text, user, NOW)


def test_the_text_says_which_token_it_is(token: OneTimeToken, user: User) -> None:
    assert token_id_in(token.issue(user, expires_at=LATER)) == TOKEN_ID


def test_a_token_is_not_that_of_another_purpose_by_its_id_alone(token: OneTimeToken, user: User) -> None:
    other = OneTimeToken.request(token_id=TOKEN_ID, user_id=user.id, purpose="recovery", at=NOW, expires_at=LATER)

    assert not token.is_valid(other.issue(user, expires_at=LATER), user, NOW)


@given(st.text() | st.from_regex(OneTimeToken.pattern, fullmatch=True) | st.text().map("hxo_".__add__))
def test_any_text_has_an_id_or_none(text: str) -> None:
    found = token_id_in(text)

    assert found is None or text.startswith("hxo_")
