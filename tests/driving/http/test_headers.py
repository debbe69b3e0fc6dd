import base64
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
import pytest

from hexaccount.events.journal_entry import JournalEntry
from hexaccount_flask.web.headers import traceparent_of
from hexaccount_granian.client_address import ClientAddresses

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


def test_events_say_who_acted_from_where_and_by_which_request(client: Any) -> None:
    cause = {"X-Request-ID": "request-7", "traceparent": f"00-{TRACE}"}
    user_id = UUID(client.register(headers=cause).json["data"]["id"])
    token = client.login(headers={"X-Request-ID": "request-8"}).json["data"]["access"]
    claims = msgspec.json.decode(base64.urlsafe_b64decode(token.split(".")[1] + "=="))

    with client.service.store.unit_of_work() as uow:
        (registered,) = uow.journal.of("user", user_id)
        (opened,) = uow.journal.of("session", UUID(claims["sid"]))

    changed = {"Authorization": f"Bearer {token}", "X-Request-ID": "request-9"}
    assert client.patch("/api/v1/me/profile", json={"bio": "a"}, headers=changed).status_code == 200
    with client.service.store.unit_of_work() as uow:
        updated = uow.journal.of("profile", user_id)[-1]

    user, session = f"user:{user_id}", UUID(claims["sid"])
    assert cause_of(registered) == (user, None, "127.0.0.0/24", "request-7", f"00-{TRACE}")
    assert cause_of(opened) == (user, None, "127.0.0.0/24", "request-8", None)
    assert cause_of(updated) == (user, session, "127.0.0.0/24", "request-9", None)


def test_an_event_names_the_network_of_the_client_behind_a_trusted_proxy(make_client: Callable[..., Any]) -> None:
    client = make_client(client_addresses=ClientAddresses(["127.0.0.0/8"]))
    user_id = UUID(client.register(headers={"X-Forwarded-For": "2001:db8:1:2:3::7"}).json["data"]["id"])

    with client.service.store.unit_of_work() as uow:
        (registered,) = uow.journal.of("user", user_id)

    assert registered.network == "2001:db8:1::/48"


@pytest.mark.parametrize(
    "name", ["causationid", "Causation-ID", "X-Causation-ID", "ce-causationid", "X-Correlation-ID"]
)
def test_no_header_of_a_client_says_which_event_led_to_its_own(client: Any, name: str) -> None:
    user_id = UUID(client.register(headers={name: "018f5b00-0000-7000-8000-000000000000"}).json["data"]["id"])

    with client.service.store.unit_of_work() as uow:
        (registered,) = uow.journal.of("user", user_id)

    assert registered.causation_id is None


def cause_of(entry: JournalEntry) -> tuple[Any, ...]:
    assert (entry.causation_id, entry.reason) == (None, None)
    return entry.actor, entry.session_id, entry.network, entry.request_id, entry.traceparent


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
