import re
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hexaccount.sessions.refresh_token import RefreshToken, digest_of, new_refresh_token
from tests.domain.accounts import NOON, SESSION_ID

FORM = re.compile(r"hxr_[A-Za-z0-9_-]{43}")
GRACE = timedelta(seconds=10)
MILLISECOND = timedelta(milliseconds=1)

texts = st.text(max_size=80)


def kept(text: str) -> RefreshToken:
    return RefreshToken.of(text, session_id=SESSION_ID, at=NOON)


def test_a_new_token_is_256_bits_of_chance_and_known_by_its_beginning() -> None:
    tokens = [new_refresh_token() for _ in range(100)]
    assert len(set(tokens)) == 100
    assert all(FORM.fullmatch(token) for token in tokens)


def test_what_is_kept_of_a_new_token_is_a_digest_and_where_it_belongs() -> None:
    token = new_refresh_token()
    assert kept(token) == RefreshToken(digest=digest_of(token), session_id=SESSION_ID, issued_at=NOON)


@given(text=texts)
def test_a_digest_says_nothing_of_the_token(text: str) -> None:
    digest = digest_of(text)
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", digest)
    assert len(text) < 8 or text not in digest
    assert digest == digest_of(text)


@given(one=st.text(alphabet=st.characters(categories=["L", "N", "Cs"])), other=texts)
def test_two_tokens_have_two_digests_whatever_somebody_presents(one: str, other: str) -> None:
    assume(one != other)
    assert digest_of(one) != digest_of(other)


def test_a_used_token_is_spent_and_names_its_successor_as_its_own() -> None:
    text = new_refresh_token()
    spent, successor = kept(text).rotate(text, NOON + GRACE)
    assert (spent.digest, spent.spent_at, spent.issued_at) == (digest_of(text), NOON + GRACE, NOON)
    assert successor == RefreshToken.of(
        spent.successor_of(text), session_id=SESSION_ID, at=NOON + GRACE, predecessor=spent.digest
    )
    assert FORM.fullmatch(spent.successor_of(text))


@given(text=texts)
def test_a_spent_token_gives_the_same_successor_again_and_again(text: str) -> None:
    spent, successor = kept(text).rotate(text, NOON)
    assert {digest_of(spent.successor_of(text)) for _ in range(3)} == {successor.digest}


@given(text=texts)
def test_a_successor_depends_on_chance(text: str) -> None:
    one, other = (kept(text).rotate(text, NOON)[0] for _ in range(2))
    assert one.successor_of(text) != other.successor_of(text)


@given(text=texts, another=texts)
def test_a_successor_depends_on_the_token_so_that_what_is_kept_does_not_give_it(text: str, another: str) -> None:
    assume(text != another)
    spent, _ = kept(text).rotate(text, NOON)
    guesses = [another, spent.digest, spent.salt or "", f"{spent.digest}{spent.salt}"]
    assert spent.successor_of(text) not in {spent.successor_of(guess) for guess in guesses if guess != text}


def test_a_token_that_was_never_spent_has_no_successor() -> None:
    with pytest.raises(ValueError, match="was not spent"):
        kept("token").successor_of("token")


def test_a_spent_token_may_be_repeated_to_the_last_millisecond_of_the_grace() -> None:
    spent, successor = kept("token").rotate("token", NOON)
    assert spent.may_be_repeated(NOON, GRACE)
    assert spent.may_be_repeated(NOON + GRACE - MILLISECOND, GRACE)
    assert not spent.may_be_repeated(NOON + GRACE, GRACE)
    assert not successor.may_be_repeated(NOON, GRACE)


def test_without_a_grace_a_spent_token_may_never_be_repeated() -> None:
    spent, _ = kept("token").rotate("token", NOON)
    assert not spent.may_be_repeated(NOON, timedelta())


def test_a_process_whose_clock_is_behind_takes_a_token_that_was_spent_just_now_for_repeated() -> None:
    spent, _ = kept("token").rotate("token", NOON)
    assert spent.may_be_repeated(NOON - timedelta(seconds=2), GRACE)


@given(text=st.text(min_size=8, max_size=80))
def test_the_representation_shows_neither_the_token_nor_the_salt(text: str) -> None:
    assume(not FORM.search(text))
    spent, successor = kept(text).rotate(text, NOON)
    shown = repr((spent, successor))
    assert spent.salt
    assert not [secret for secret in (spent.salt, spent.successor_of(text)) if secret in shown]


def test_the_representation_does_not_show_a_token_of_ours() -> None:
    text = new_refresh_token()
    assert text not in repr(kept(text).rotate(text, NOON))
