"""Published keys: which ones are used, and when they are fetched."""

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from hexaccount_verifier import KeysUnavailable, jwks_at, keys
from tests.adapters.security.forgeries import CLAIMS, NOW
from tests.adapters.security.key_pairs import pair
from tests.adapters.security.ring_forgeries import genuine, ring_issuer
from tests.adapters.verifier.verifiers import Publisher, issuer, rejects, verifier


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    now = [1000.0]
    monkeypatch.setattr(keys, "monotonic", lambda: now[0])

    def advance(seconds: float) -> None:
        now[0] += seconds

    return advance


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256"])
def test_every_algorithm_of_a_ring_is_supported(algorithm: str) -> None:
    published = Publisher(*ring_issuer()._ring.published(NOW))
    assert verifier(published).verify(genuine()[algorithm]).user_id == CLAIMS.user_id


@pytest.mark.parametrize(
    "wrong",
    [{"kty": "oct", "k": "A" * 43}, {"use": "enc"}, {"alg": "HS256"}, {"alg": "none"}, {"x": "AAAA"}, {"kid": None}],
)
def test_an_unusable_published_key_is_skipped(wrong: dict[str, Any]) -> None:
    tokens, ring = issuer()
    (jwk,) = ring.published(NOW)
    assert rejects(verifier(Publisher({**jwk, **wrong}, {}, {"kty": "?"})), tokens.issue(CLAIMS))
    assert not rejects(verifier(Publisher({}, {"kty": "?"}, jwk)), tokens.issue(CLAIMS))


def test_a_short_published_rsa_key_is_skipped() -> None:
    import jwt

    method: Any = jwt.get_algorithm_by_name("RS256")
    jwk = method.to_jwk(pair("RSA of 1024 bits").public_key(), as_dict=True) | {
        "use": "sig",
        "alg": "RS256",
        "kid": "a",
    }
    assert keys._read({"keys": [jwk]}) == {}


def test_keys_are_fetched_when_needed_and_every_five_minutes(pass_time: Callable[[float], None]) -> None:
    tokens, ring = issuer()
    publisher = Publisher(*ring.published(NOW))
    checks = verifier(publisher)
    assert publisher.fetched == 0
    for expected in (1, 2):
        for _ in range(20):
            assert not rejects(checks, tokens.issue(CLAIMS))
        assert publisher.fetched == expected
        pass_time(300)


def test_an_unknown_key_is_fetched_at_once_but_at_most_every_ten_seconds(
    pass_time: Callable[[float], None],
) -> None:
    first, first_ring = issuer("EdDSA")
    second, second_ring = issuer("ES256")
    publisher = Publisher(*first_ring.published(NOW))
    checks = verifier(publisher)
    assert not rejects(checks, first.issue(CLAIMS))
    pass_time(10)
    publisher.jwks += second_ring.published(NOW)
    assert not rejects(checks, second.issue(CLAIMS))
    unknown, _ = issuer("RS256")
    for _ in range(100):
        assert rejects(checks, unknown.issue(CLAIMS))
        pass_time(0.5)
    assert publisher.fetched <= 2 + 6


def test_a_key_that_is_no_longer_published_is_dropped(pass_time: Callable[[float], None]) -> None:
    tokens, ring = issuer()
    publisher = Publisher(*ring.published(NOW))
    checks = verifier(publisher)
    assert not rejects(checks, tokens.issue(CLAIMS))
    publisher.jwks.clear()
    pass_time(300)
    assert rejects(checks, tokens.issue(CLAIMS))


@pytest.mark.parametrize("error", [OSError("no route"), ValueError("no JSON"), RuntimeError()])
def test_a_failure_to_fetch_does_not_make_a_token_invalid(
    error: Exception, pass_time: Callable[[float], None], caplog: pytest.LogCaptureFixture
) -> None:
    tokens, ring = issuer()
    publisher = Publisher(*ring.published(NOW))
    publisher.error = error
    checks = verifier(publisher)
    with pytest.raises(KeysUnavailable):
        checks.verify(tokens.issue(CLAIMS))
    publisher.error = None
    pass_time(10)
    assert not rejects(checks, tokens.issue(CLAIMS))
    publisher.error = error
    for _ in range(5):
        pass_time(300)
        assert not rejects(checks, tokens.issue(CLAIMS))
    assert publisher.fetched == 7
    assert "cannot be fetched" in caplog.text


def test_a_response_without_keys_is_a_failure() -> None:
    tokens, _ = issuer()
    with pytest.raises(KeysUnavailable):
        verifier(lambda: {"error": "not here"}).verify(tokens.issue(CLAIMS))


def test_a_call_that_has_the_key_does_not_wait_for_a_fetch(pass_time: Callable[[float], None]) -> None:
    tokens, ring = issuer()
    publisher, released, entered = Publisher(*ring.published(NOW)), threading.Event(), threading.Event()
    released.set()

    def slow() -> Mapping[str, Any]:
        entered.set()
        assert released.wait(20)
        return publisher()

    checks = verifier(slow)
    token = tokens.issue(CLAIMS)
    checks.verify(token)
    released.clear()
    entered.clear()
    pass_time(300)
    fetching = threading.Thread(target=checks.verify, args=[token])
    fetching.start()
    assert entered.wait(20)
    for _ in range(100):
        checks.verify(token)
    assert fetching.is_alive()
    released.set()
    fetching.join(20)
    assert publisher.fetched == 2


def test_the_url_of_a_key_set_must_be_http() -> None:
    for url in ("file:///etc/passwd", "ftp://x/y", "keys.json"):
        with pytest.raises(ValueError, match="must begin with https"):
            jwks_at(url)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_other_keys_is_refused(status: int) -> None:
    asked: list[str] = []

    class Redirecting(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status if self.path == "/moved" else 200)
            self.send_header("Location", "/keys")
            self.end_headers()
            self.wfile.write(b'{"keys": []}')

        def log_message(self, *_arguments: object) -> None:
            """Log nothing."""

    with HTTPServer(("127.0.0.1", 0), Redirecting) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        assert jwks_at(f"{url}/keys")() == {"keys": []}
        with pytest.raises(OSError, match=f"another URL, {url}/keys: configure it"):
            jwks_at(f"{url}/moved")()
        server.shutdown()
    assert asked == ["/keys", "/moved"]
