"""Leaks planted in logs, traces and events are caught, and nothing else is."""

import logging
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import bcrypt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hexaccount.accounts.users import Users
from hexaccount.bootstrap.service import Service
from hexaccount.mail.one_time_token import OneTimeToken
from hexaccount.observability.line_limit import LineLimit
from hexaccount.passwords.errors import WrongCredentials
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_flask.web.middleware import RequestContext
from hexaccount_memory import MemoryRateLimitStore
from hexaccount_otel import Traces
from hexaccount_structlog import LineStream, RequestLog, json_line
from hexaccount_structlog.text_lines import TextRenderer
from tests import people
from tests.canary.planting import HEADER, KEY, PASSWORD, register, token_of
from tests.canary.plugin import WATCH
from tests.hexagon.sample_accounts import NOON, registered_user
from tests.servers.otlp import OtlpReceiver

pytestmark = pytest.mark.long

PEM = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE\n-----END EC PRIVATE KEY-----"

_log = logging.getLogger("planted")


def stored_hash_of(service: Service) -> str:
    register(service)
    with service.store.unit_of_work() as uow:
        user = Users(uow).find_by_name("tweety")
        assert user is not None
        return user.password_hash


@pytest.mark.parametrize("level", [logging.DEBUG, logging.ERROR])
def test_a_password_in_a_log_record_or_its_arguments_is_caught_at_every_level(service, leak, level) -> None:
    register(service)
    _log.log(level, "registered: %s", {"password": PASSWORD})
    found = leak()
    assert found.startswith(
        "the password of RegisterUser appears in a log record of planted (test_leaks_are_caught.py:"
    )


def test_a_wrong_password_is_a_secret(service, leak) -> None:
    with pytest.raises(WrongCredentials):
        people.log_in(service.bus, "tweety", PASSWORD + " and more")
    _log.error("not the password: " + PASSWORD + " and more")
    assert leak().startswith("the password of ")


def test_a_one_time_token_is_a_secret(leak) -> None:
    user = registered_user()
    token = OneTimeToken.request(token_id=uuid4(), user_id=user.id, purpose="recovery", at=NOON, expires_at=NOON)
    _log.debug("https://example.org/account/recovery#%s", token.issue(user, expires_at=NOON))
    assert leak().startswith("a one-time token appears in a log record of planted")


def test_a_record_that_leaks_is_withheld_from_all_handlers(service, leak, caplog) -> None:
    register(service)
    _log.error("registered with %s", PASSWORD)
    leak()
    (record,) = caplog.records
    assert "canaries" not in record.getMessage()


def test_a_record_created_only_for_the_canary_reaches_no_handler(leak, caplog) -> None:
    _log.debug(PEM)
    leak()
    assert not caplog.records


@pytest.mark.parametrize("text", [True, False])
def test_a_line_of_the_log_is_searched_in_both_forms(service, leak, tmp_path: Path, text: bool) -> None:
    register(service)
    with (tmp_path / "log").open("wb") as log:
        render = TextRenderer(colors=False) if text else json_line
        limit = LineLimit(MemoryRateLimitStore(), AdjustableClock())
        requests_log = RequestLog(LineStream(log.fileno()), render, limit)
        requests_log.refused(PASSWORD, 400, "malformed_request")
    assert leak() == "the password of RegisterUser appears in a line of the log"


def test_a_span_sent_to_a_collector_is_searched(service, leak) -> None:
    register(service)
    with OtlpReceiver() as collector:
        traces = Traces(collector.url, ratio=1)
        with traces.requests(RequestContext("GET", "one", None, code=PASSWORD)):
            pass
        traces.close()
        assert [span.name for span in collector.spans] == ["GET"]
    assert leak() == "the password of RegisterUser appears in a request to a collector of traces"


def test_a_logger_without_propagation_is_searched(leak) -> None:
    alone = logging.getLogger("planted.alone")
    alone.propagate = False
    alone.error(PEM)
    assert leak().startswith("a private key appears in a log record of planted.alone")


def test_the_message_of_an_error_is_searched_to_its_first_cause(service, leak) -> None:
    token = token_of(service)
    try:
        try:
            raise ValueError(token)  # noqa: TRY301 - it is the cause of the next
        except ValueError as error:
            raise RuntimeError("it failed") from error
    except RuntimeError:
        _log.exception("a job failed")
    assert leak().startswith("a signed token appears in a log record")


def test_a_record_that_cannot_be_formatted_is_searched(leak, monkeypatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    _log.error("one %s too %s few", HEADER)
    assert leak().startswith("a credential of a header appears in")


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("a password hash", stored_hash_of),
        ("a password hash", lambda _: bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()),
        ("a signed token", token_of),
        ("a private key", lambda _: PEM),
        ("a secret of a webhook", lambda _: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"),
        ("a credential of a header", lambda _: f"Authorization: {HEADER}"),
        ("jwt.key", lambda _: KEY),
    ],
    ids=["stored-hash", "bcrypt", "token", "pem", "whsec", "header", "key"],
)
def test_a_secret_of_every_form_is_caught(service, leak, kind: str, secret: Callable[[Service], str]) -> None:
    _log.info("what is it? %s!", secret(service))
    assert leak().startswith(f"{kind} appears in a log record of planted")


def test_a_secret_in_an_event_is_caught(service, leak) -> None:
    register(service)
    register(service, name="sylvester", last_name=PASSWORD, password="another canary than this")
    assert leak() == "the password of RegisterUser appears in an event hexaccount.user.registered.v1"


@pytest.mark.parametrize("text", ["password1", "aaaaaaaaaaaaa", "tweety@example.org"])
def test_a_text_that_may_occur_by_chance_is_no_secret(service, leak, text: str) -> None:
    with pytest.raises(WrongCredentials):
        people.log_in(service.bus, "Tweety@example.org", text)
    _log.info("about %s", text)


@given(password=st.just("a password that Hypothesis made up"))
def test_texts_of_hypothesis_are_not_remembered(password: str) -> None:
    WATCH.secrets.learn("made up", password)
    _log.info("about %s", password)
