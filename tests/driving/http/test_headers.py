import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hexaccount_flask.web.headers import traceparent_of

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
ANSWERS = ["/health", "/ready", "/api/v1/me", "/nothing", "/api/v1/public/login"]


@pytest.mark.parametrize("path", ANSWERS)
def test_every_response_has_the_security_headers(signed_in: Any, path: str) -> None:
    headers = signed_in.get(path).headers

    assert headers.getlist("X-Content-Type-Options") == ["nosniff"]
    assert headers.getlist("Referrer-Policy") == ["no-referrer"]
    assert headers.getlist("X-Frame-Options") == ["DENY"]
    assert headers.getlist("Content-Security-Policy") == ["default-src 'none'; frame-ancestors 'none'"]
    assert headers.getlist("Cross-Origin-Resource-Policy") == ["same-origin"]
    assert headers.getlist("Cache-Control") == ["no-store"]
    assert "Set-Cookie" not in headers
    assert "Server" not in headers


@pytest.mark.parametrize("given", ["a", "A-z_0.9", "x" * 128])
def test_a_request_keeps_the_id_it_came_with(client: Any, given: str) -> None:
    assert client.get("/health", headers={"X-Request-ID": given}).headers.getlist("X-Request-ID") == [given]


@pytest.mark.parametrize("given", [None, "", "x" * 129, "a b", "a,b", "é", "a\tb", "<script>", "${jndi:ldap}"])
def test_a_request_without_an_id_that_is_safe_to_log_gets_one(client: Any, given: str | None) -> None:
    headers = {} if given is None else {"X-Request-ID": given}

    (found,) = client.get("/health", headers=headers).headers.getlist("X-Request-ID")

    assert UUID(found).version == 4
    assert found == UUID(found).hex


def test_two_requests_have_two_ids(client: Any) -> None:
    assert len({client.get("/health").headers["X-Request-ID"] for _ in range(20)}) == 20


def test_events_name_the_request_and_the_trace_that_caused_them(client: Any) -> None:
    cause = {"X-Request-ID": "request-7", "traceparent": f"00-{TRACE}"}
    user_id = UUID(client.register(headers=cause).json["data"]["id"])
    token = client.login(headers={"X-Request-ID": "request-8"}).json["data"]["access"]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))

    with client.service.store.unit_of_work() as uow:
        (registered,) = uow.journal.of("user", user_id)
        (opened,) = uow.journal.of("session", UUID(claims["sid"]))

    assert (registered.causation_id, registered.traceparent) == ("request-7", f"00-{TRACE}")
    assert (opened.causation_id, opened.traceparent) == ("request-8", None)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (f"00-{TRACE}", f"00-{TRACE}"),
        (f"cc-{TRACE}", f"00-{TRACE}"),
        (f"cc-{TRACE}-what-comes-later", f"00-{TRACE}"),
        (f"00-{TRACE}-x", None),
        (f"cc-{TRACE}x", None),
        (f"ff-{TRACE}", None),
        (f"00-{TRACE.upper()}", None),
        (f"00-{'0' * 32}-00f067aa0ba902b7-01", None),
        (f"00-4bf92f3577b34da6a3ce929d0e0e4736-{'0' * 16}-01", None),
        (f"00-{TRACE},00-{TRACE}", None),
        (f"00-{TRACE}\n", None),
        ("", None),
        (None, None),
    ],
)
def test_a_trace_context_is_read_as_the_w3c_wrote_it(text: str | None, read: str | None) -> None:
    assert traceparent_of(text) == read


def test_an_error_names_its_request(client: Any) -> None:
    answer = client.get("/nothing")

    assert answer.json["request_id"] == answer.headers["X-Request-ID"]


def test_the_cause_of_one_request_is_not_that_of_the_next(make_client: Callable[..., Any]) -> None:
    client = make_client()
    client.get("/health", headers={"X-Request-ID": "first"})

    assert client.get("/nothing").json["request_id"] != "first"
