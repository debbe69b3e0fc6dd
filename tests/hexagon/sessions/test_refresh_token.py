import re
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hexaccount.sessions.refresh_token import RefreshToken, digest_of, new_refresh_token
from tests.hexagon.sample_accounts import NOON, SESSION_ID

FORM = re.compile(r"hxr_[A-Za-z0-9_-]{43}")
GRACE = timedelta(seconds=10)
MILLISECOND = timedelta(milliseconds=1)

texts = st.text(max_size=80)


def stored_token(text: str) -> RefreshToken:
    return RefreshToken.of(text, session_id=SESSION_ID, at=NOON)


def test_a_new_token_has_256_random_bits_and_a_prefix() -> None:
    tokens = [new_refresh_token() for _ in range(100)]
    assert len(set(tokens)) == 100
    assert all(FORM.fullmatch(token) for token in tokens)


def test_a_token_is_stored_as_its_digest_with_its_session() -> None:
    token = new_refresh_token()
    assert stored_token(token) == RefreshToken(digest=digest_of(token), session_id=SESSION_ID, issued_at=NOON)


@given(text=texts)
def test_a_digest_does_not_reveal_the_token(text: str) -> None:
    digest = digest_of(text)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", digest)
    assert len(text) < 8 or text not in digest
    assert digest == digest_of(text)


@given(one=st.text(alphabet=st.characters(categories=["L", "N", "Cs"])), other=texts)
def test_different_texts_have_different_digests(one: str, other: str) -> None:
    assume(one != other)
    assert digest_of(one) != digest_of(other)


def test_rotating_a_token_spends_it_and_creates_its_successor() -> None:
    text = new_refresh_token()
    spent, successor = stored_token(text).rotate(text, NOON + GRACE)
    assert (spent.digest, spent.spent_at, spent.issued_at) == (digest_of(text), NOON + GRACE, NOON)
    assert successor == RefreshToken.of(spent.successor_of(text), session_id=SESSION_ID, at=NOON + GRACE)
    assert FORM.fullmatch(spent.successor_of(text))


@given(text=texts)
def test_a_spent_token_always_has_the_same_successor(text: str) -> None:
    spent, successor = stored_token(text).rotate(text, NOON)
    assert {digest_of(spent.successor_of(text)) for _ in range(3)} == {successor.digest}


@given(text=texts)
def test_a_successor_is_random(text: str) -> None:
    one, other = (stored_token(text).rotate(text, NOON)[0] for _ in range(2))
    assert one.successor_of(text) != other.successor_of(text)


@given(text=texts, another=texts)
def test_a_successor_cannot_be_derived_from_stored_values(text: str, another: str) -> None:
    assume(text.rstrip("\0") != another.rstrip("\0"))  # HMAC pads short keys with zeros (RFC 2104)
    spent, _ = stored_token(text).rotate(text, NOON)
    guesses = [another, spent.digest, spent.salt or "", f"{spent.digest}{spent.salt}"]
    assert spent.successor_of(text) not in {spent.successor_of(guess) for guess in guesses if guess != text}


def test_an_unspent_token_has_no_successor() -> None:
    with pytest.raises(ValueError, match="was not used"):
        stored_token("token").successor_of("token")


def test_a_spent_token_may_be_repeated_within_the_whole_grace() -> None:
    spent, successor = stored_token("token").rotate("token", NOON)
    assert spent.may_be_repeated(NOON, GRACE)
    assert spent.may_be_repeated(NOON + GRACE - MILLISECOND, GRACE)
    assert not spent.may_be_repeated(NOON + GRACE, GRACE)
    assert not successor.may_be_repeated(NOON, GRACE)


def test_without_a_grace_a_spent_token_may_never_be_repeated() -> None:
    spent, _ = stored_token("token").rotate("token", NOON)
    assert not spent.may_be_repeated(NOON, timedelta())


def test_a_process_with_a_slow_clock_accepts_a_token_spent_just_now() -> None:
    spent, _ = stored_token("token").rotate("token", NOON)
    assert spent.may_be_repeated(NOON - timedelta(seconds=2), GRACE)


@given(text=st.text(min_size=8, max_size=80))
def test_the_representation_shows_neither_the_token_nor_the_salt(text: str) -> None:
    assume(not FORM.search(text))
    spent, successor = stored_token(text).rotate(text, NOON)
    shown = repr((spent, successor))
    assert spent.salt
    assert not [secret for secret in (spent.salt, spent.successor_of(text)) if secret in shown]


def test_the_representation_hides_a_generated_token() -> None:
    text = new_refresh_token()
    assert text not in repr(stored_token(text).rotate(text, NOON))
