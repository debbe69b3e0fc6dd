import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from hexaccount.sessions.ports import AccessClaims
from hexaccount_security import JwtIssuer, KeyRing, SealingSmith, seed_key
from hexaccount_verifier import InvalidToken, KeysUnavailable, TokenVerifier, jwks_at, keys
from tests.adapters.security.forgeries import CLAIMS, CORPUS, KEY, NOW, TOKEN
from tests.adapters.security.key_pairs import pair, pem
from tests.adapters.security.ring_forgeries import GENUINE, RING_CORPUS, RING_ISSUER

# Nobody can make these who does not have the secret: the verifier knows neither our spelling of a header, nor the
# name of a secret, nor whom hexaccount takes for its client.
SIGNED_BY_US = (
    "header with spaces",
    """header of the form '{"alg":"none","alg": "HS256""",
    "kid ",
    "client_id ",
    "no client",
)


def issuer(algorithm: str = "EdDSA") -> tuple[JwtIssuer, KeyRing]:
    ring = KeyRing(SealingSmith(seed_key(pem(algorithm), algorithm)))
    return JwtIssuer(
        ring, issuer="https://accounts.example", audience="https://api.example", client_id="hexaccount"
    ), ring


def verifier(keys: Any, now: Callable[[], Any] = lambda: NOW, **options: Any) -> TokenVerifier:
    return TokenVerifier(keys, issuer="https://accounts.example", audience="https://api.example", now=now, **options)


class Publisher:
    """Publishes key sets as hexaccount does, and counts how often they are fetched."""

    def __init__(self, *jwks: Mapping[str, Any]) -> None:
        self.jwks = list(jwks)
        self.fetched = 0
        self.trouble: Exception | None = None

    def __call__(self) -> Mapping[str, Any]:
        self.fetched += 1
        if self.trouble:
            raise self.trouble
        return {"keys": self.jwks}


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(keys, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_a_token_is_checked_by_the_published_key(algorithm: str) -> None:
    tokens, ring = issuer(algorithm)
    claims = verifier(Publisher(*ring.published(NOW))).verify(tokens.issue(CLAIMS))
    assert (claims.user_id, claims.session_id, claims.token_id) == (CLAIMS.user_id, CLAIMS.session_id, CLAIMS.token_id)
    assert (claims.issued_at, claims.expires_at, claims.epoch) == (CLAIMS.issued_at, CLAIMS.expires_at, CLAIMS.epoch)


def test_a_token_is_checked_by_the_shared_secret() -> None:
    for secret in (KEY, KEY.decode()):
        assert verifier(secret).verify(TOKEN).user_id == CLAIMS.user_id


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="31 bytes"):
        verifier("k" * 31)


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_every_key_of_a_ring_is_known(algorithm: str) -> None:
    published = Publisher(*RING_ISSUER._ring.published(NOW))
    assert verifier(published).verify(GENUINE[algorithm]).user_id == CLAIMS.user_id


def refuses(checks: TokenVerifier, token: str) -> bool:
    try:
        checks.verify(token)
    except InvalidToken:
        return True
    return False


def test_every_forged_token_is_refused_by_the_secret() -> None:
    checks = verifier(KEY)
    accepted = [name for name, token in CORPUS.items() if not refuses(checks, token)]
    assert [name for name in accepted if not name.startswith(SIGNED_BY_US)] == []
    assert len(accepted) < 30


def test_every_token_that_confuses_keys_is_refused_by_the_published_ones() -> None:
    checks = verifier(Publisher(*RING_ISSUER._ring.published(NOW)))
    assert {name for name, token in RING_CORPUS.items() if not refuses(checks, token)} == set()


def test_published_keys_do_not_check_what_a_secret_signed() -> None:
    checks = verifier(Publisher(*RING_ISSUER._ring.published(NOW)))
    assert refuses(checks, GENUINE["HS256"])
    assert refuses(checks, TOKEN)


@pytest.mark.parametrize(
    "wrong",
    [{"kty": "oct", "k": "A" * 43}, {"use": "enc"}, {"alg": "HS256"}, {"alg": "none"}, {"x": "AAAA"}, {"kid": None}],
)
def test_a_published_key_of_another_kind_is_passed_over(wrong: dict[str, Any]) -> None:
    tokens, ring = issuer()
    (jwk,) = ring.published(NOW)
    assert refuses(verifier(Publisher({**jwk, **wrong}, {}, {"kty": "?"})), tokens.issue(CLAIMS))
    assert not refuses(verifier(Publisher({}, {"kty": "?"}, jwk)), tokens.issue(CLAIMS))


def test_a_published_rsa_key_that_is_short_is_passed_over() -> None:
    import jwt

    method: Any = jwt.get_algorithm_by_name("RS256")
    jwk = method.to_jwk(pair("RSA of 1024 bits").public_key(), as_dict=True) | {
        "use": "sig",
        "alg": "RS256",
        "kid": "a",
    }
    assert keys._read({"keys": [jwk]}) == {}


def test_a_token_ends_with_its_second_and_may_be_a_second_early() -> None:
    moment = [CLAIMS.expires_at - timedelta(milliseconds=1)]
    checks = verifier(KEY, now=lambda: moment[0])
    assert not refuses(checks, TOKEN)
    moment[0] = CLAIMS.expires_at
    assert refuses(checks, TOKEN)
    moment[0] = NOW - timedelta(seconds=1)
    assert not refuses(checks, TOKEN)
    moment[0] -= timedelta(milliseconds=1)
    assert refuses(checks, TOKEN)


def test_a_token_that_lives_longer_than_revocations_are_remembered_is_refused() -> None:
    assert not refuses(verifier(KEY, longest_lifetime=timedelta(minutes=15)), TOKEN)
    with pytest.raises(InvalidToken, match=r"longest_lifetime less than session\.access_lifetime"):
        verifier(KEY, longest_lifetime=timedelta(minutes=14)).verify(TOKEN)


def test_keys_are_fetched_when_needed_and_every_five_minutes(pass_time: Callable[[float], None]) -> None:
    tokens, ring = issuer()
    publisher = Publisher(*ring.published(NOW))
    checks = verifier(publisher)
    assert publisher.fetched == 0
    for expected in (1, 2):
        for _ in range(20):
            assert not refuses(checks, tokens.issue(CLAIMS))
        assert publisher.fetched == expected
        pass_time(300)


def test_an_unknown_key_is_fetched_at_once_but_not_more_often_than_every_ten_seconds(
    pass_time: Callable[[float], None],
) -> None:
    first, first_ring = issuer("EdDSA")
    second, second_ring = issuer("ES256")
    publisher = Publisher(*first_ring.published(NOW))
    checks = verifier(publisher)
    assert not refuses(checks, first.issue(CLAIMS))
    pass_time(10)
    publisher.jwks += second_ring.published(NOW)
    assert not refuses(checks, second.issue(CLAIMS))
    stranger, _ = issuer("RS256")
    for _ in range(100):
        assert refuses(checks, stranger.issue(CLAIMS))
        pass_time(0.5)
    assert publisher.fetched <= 2 + 6


def test_a_key_that_is_published_no_more_is_forgotten(pass_time: Callable[[float], None]) -> None:
    tokens, ring = issuer()
    publisher = Publisher(*ring.published(NOW))
    checks = verifier(publisher)
    assert not refuses(checks, tokens.issue(CLAIMS))
    publisher.jwks.clear()
    pass_time(300)
    assert refuses(checks, tokens.issue(CLAIMS))


@pytest.mark.parametrize("trouble", [OSError("no route"), ValueError("no JSON"), RuntimeError()])
def test_keys_that_cannot_be_fetched_are_no_fault_of_the_token(
    trouble: Exception, pass_time: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    tokens, ring = issuer()
    publisher = Publisher(*ring.published(NOW))
    publisher.trouble = trouble
    checks = verifier(publisher)
    with pytest.raises(KeysUnavailable):
        checks.verify(tokens.issue(CLAIMS))
    publisher.trouble = None
    pass_time(10)
    assert not refuses(checks, tokens.issue(CLAIMS))
    publisher.trouble = trouble
    for _ in range(5):
        pass_time(300)
        assert not refuses(checks, tokens.issue(CLAIMS))
    assert publisher.fetched == 7
    assert "cannot be fetched" in caplog.text


def test_an_answer_that_is_no_key_set_is_a_failure() -> None:
    tokens, _ = issuer()
    with pytest.raises(KeysUnavailable):
        verifier(lambda: {"error": "not here"}).verify(tokens.issue(CLAIMS))


def test_who_has_the_key_does_not_wait_for_somebody_elses_fetching(pass_time: Callable[[float], None]) -> None:
    tokens, ring = issuer()
    publisher, door, inside = Publisher(*ring.published(NOW)), threading.Event(), threading.Event()
    door.set()

    def slow() -> Mapping[str, Any]:
        inside.set()
        assert door.wait(20)
        return publisher()

    checks = verifier(slow)
    token = tokens.issue(CLAIMS)
    checks.verify(token)
    door.clear()
    inside.clear()
    pass_time(300)
    fetching = threading.Thread(target=checks.verify, args=[token])
    fetching.start()
    assert inside.wait(20)
    for _ in range(100):
        checks.verify(token)
    assert fetching.is_alive()
    door.set()
    fetching.join(20)
    assert publisher.fetched == 2


def test_the_url_of_a_key_set_is_one_of_http() -> None:
    for url in ("file:///etc/passwd", "ftp://x/y", "keys.json"):
        with pytest.raises(ValueError, match="begins with https"):
            jwks_at(url)


def test_tokens_of_two_users_are_told_apart() -> None:
    tokens, ring = issuer()
    other = AccessClaims(
        token_id=CLAIMS.token_id, user_id=UUID(int=1), session_id=UUID(int=2), issued_at=NOW,
        expires_at=CLAIMS.expires_at, epoch=0,
    )  # fmt: skip
    checks = verifier(Publisher(*ring.published(NOW)))
    assert checks.verify(tokens.issue(other)).user_id == UUID(int=1)


@pytest.mark.parametrize("nothing", [None, "", b"", 5])
def test_what_is_no_text_is_no_token(nothing: Any) -> None:
    with pytest.raises(InvalidToken):
        TokenVerifier(b"k" * 40, issuer="i", audience="a").verify(nothing)
