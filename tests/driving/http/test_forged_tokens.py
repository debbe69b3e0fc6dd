"""Every text but the token of a live session gets a 401."""

from collections.abc import Iterator
from itertools import chain
from uuid import UUID

import pytest
from flask import Flask

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, PasswordSettings, Settings
from hexaccount.observability.readiness import ReadinessReport
from hexaccount.signing_keys.signing_keys import SigningKeys
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_flask import create_app
from hexaccount_system import Uuid7Identifiers
from tests.adapters.security.forgeries import CLAIMS, CORPUS, KEY, NOW, TOKEN
from tests.adapters.security.ring_forgeries import ALGORITHMS, STORED, genuine, ring_corpus
from tests.people import login_form, registration_form


class ForeseenIdentifiers(Uuid7Identifiers):
    """The real identifiers, after those of the session that the corpus names."""

    def __init__(self, *first: UUID) -> None:
        super().__init__()
        self._first = list(first)

    def new(self) -> UUID:
        return self._first.pop(0) if self._first else super().new()


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    """Return a service with the keys of the corpus and the session that its tokens name."""
    jwt = JwtSettings(key=KEY.decode(), issuer="https://accounts.example", audience="https://api.example")
    settings = Settings(store="memory://", jwt=jwt, password=PasswordSettings(cost=4))
    identifiers = ForeseenIdentifiers(CLAIMS.user_id)
    with open_service(settings, clock=AdjustableClock(NOW), identifiers=identifiers) as service:
        genuine()  # makes the keys
        for key in STORED.all():
            SigningKeys(service.store.unit_of_work).add(key)
        app = create_app(
            bus=service.bus,
            artist=service.artist,
            readiness=ReadinessReport,
            published_keys=service.published_keys,
            metrics=bytes,
        )
        client = app.test_client()
        assert client.post("/api/v1/public/register", json=registration_form("ann")).status_code == 201
        identifiers._first = [CLAIMS.session_id]
        assert client.post("/api/v1/public/login", json=login_form("ann")).status_code == 200
        yield app


def sent(app: Flask, token: str) -> tuple[int, str | None]:
    # In the form in which the server passes it on; Flask's client would not send an invalid header.
    header = f"Bearer {token}".encode("utf-8", "surrogateescape").decode("latin-1")
    answer = app.test_client().get("/api/v1/me", environ_overrides={"HTTP_AUTHORIZATION": header})
    return answer.status_code, answer.headers.get("WWW-Authenticate")


@pytest.mark.parametrize("algorithm", ["seed", *ALGORITHMS])
def test_the_session_is_live_and_its_tokens_are_good(app: Flask, algorithm: str) -> None:
    assert sent(app, (genuine() | {"seed": TOKEN})[algorithm]) == (200, None)


def test_every_forged_token_is_answered_with_a_challenge(app: Flask) -> None:
    kinds = dict(chain(CORPUS.items(), ring_corpus().items()))
    assert len(kinds) > 500
    answers = {name: sent(app, token) for name, token in kinds.items()}
    wrong = {name: answer for name, answer in answers.items() if answer[0] != 401 or not answer[1]}
    # The grammar of the scheme allows spaces around a token.
    assert {name: answer[0] for name, answer in wrong.items()} == {"' ' in front": 200, "' ' behind": 200}
