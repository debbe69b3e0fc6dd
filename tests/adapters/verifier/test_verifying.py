from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hexaccount.sessions.ports import AccessClaims
from hexaccount_verifier import InvalidToken, TokenVerifier
from tests.adapters.security.forgeries import CLAIMS, CORPUS, KEY, NOW, TOKEN
from tests.adapters.security.ring_forgeries import genuine, ring_corpus, ring_issuer
from tests.adapters.verifier.verifiers import Publisher, issuer, rejects, verifier

MINUTE = timedelta(minutes=1)
# Only who has the secret can make these. The verifier checks neither how the header is spelled, nor the id of the
# secret, nor the client.
SIGNED_BY_US = (
    "header with spaces",
    """header of the form '{"alg":"none","alg": "HS256""",
    "kid ",
    "client_id ",
    "no client",
)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_token_is_verified_by_the_published_key(algorithm: str) -> None:
    tokens, ring = issuer(algorithm)
    claims = verifier(Publisher(*ring.published(NOW))).verify(tokens.issue(CLAIMS))
    assert (claims.user_id, claims.session_id, claims.token_id) == (CLAIMS.user_id, CLAIMS.session_id, CLAIMS.token_id)
    assert (claims.issued_at, claims.expires_at, claims.epoch) == (CLAIMS.issued_at, CLAIMS.expires_at, CLAIMS.epoch)


def test_a_token_is_verified_by_the_shared_secret() -> None:
    for secret in (KEY, KEY.decode()):
        assert verifier(secret).verify(TOKEN).user_id == CLAIMS.user_id


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        verifier("k" * 31)


def test_every_forged_token_is_invalid_by_the_secret() -> None:
    checks = verifier(KEY, leeway=timedelta())
    accepted = [name for name, token in CORPUS.items() if not rejects(checks, token)]
    assert [name for name in accepted if not name.startswith(SIGNED_BY_US)] == []
    assert len(accepted) < 30


def test_every_token_that_confuses_keys_is_invalid_by_the_published_keys() -> None:
    checks = verifier(Publisher(*ring_issuer()._ring.published(NOW)))
    assert {name for name, token in ring_corpus().items() if not rejects(checks, token)} == set()


def test_a_token_signed_by_a_secret_is_invalid_by_published_keys() -> None:
    checks = verifier(Publisher(*ring_issuer()._ring.published(NOW)))
    assert rejects(checks, genuine()["HS256"])
    assert rejects(checks, TOKEN)


@pytest.mark.parametrize(
    ("options", "leeway"),
    [({}, MINUTE), ({"leeway": timedelta()}, timedelta()), ({"leeway": 5 * MINUTE}, 5 * MINUTE)],
)
def test_a_token_is_accepted_a_leeway_before_it_was_issued_and_after_it_has_expired(
    options: dict[str, Any], leeway: timedelta
) -> None:
    millisecond = timedelta(milliseconds=1)
    first, last = NOW - leeway, CLAIMS.expires_at + leeway - millisecond
    moments = (first - millisecond, first, last, last + millisecond)
    rejected = [rejects(verifier(KEY, now=lambda: moment, **options), TOKEN) for moment in moments]  # noqa: B023 - it is called at once
    assert rejected == [True, False, False, True]


def test_a_token_that_outlives_the_memory_of_revocations_is_invalid() -> None:
    assert not rejects(verifier(KEY, longest_lifetime=timedelta(minutes=15)), TOKEN)
    with pytest.raises(InvalidToken, match=r"longest_lifetime less than session\.access_lifetime"):
        verifier(KEY, longest_lifetime=timedelta(minutes=14)).verify(TOKEN)


def test_tokens_of_two_users_are_distinguished() -> None:
    tokens, ring = issuer()
    other = AccessClaims(
        token_id=CLAIMS.token_id, user_id=UUID(int=1), session_id=UUID(int=2), issued_at=NOW,
        expires_at=CLAIMS.expires_at, epoch=0,
    )  # fmt: skip
    checks = verifier(Publisher(*ring.published(NOW)))
    assert checks.verify(tokens.issue(other)).user_id == UUID(int=1)


@pytest.mark.parametrize("nothing", [None, "", b"", 5])
def test_a_value_that_is_not_a_text_is_not_a_token(nothing: Any) -> None:
    with pytest.raises(InvalidToken):
        TokenVerifier(b"k" * 40, issuer="i", audience="a").verify(nothing)
