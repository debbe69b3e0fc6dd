"""What an account writes with its tokens is limited, wherever the requests come from."""

from typing import Any

import pytest

from hexaccount.rate_limits.acquire_permit import WRITES
from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount_flask.web.authentication import BearerToken
from hexaccount_flask.web.openapi import openapi

PROFILE = "/api/v1/me/profile"
BURST = WRITES.limit.burst.capacity


@pytest.fixture
def strict(strict: Any) -> Any:
    """Return the signed-in client of a service with the default limits, where Bob has an account, too."""
    strict.register("bob")
    return strict.sign_in()


def write(client: Any, number: int, **headers: str) -> Any:
    return client.patch(PROFILE, json={"bio": f"version {number}"}, headers=headers)


def operations(client: Any) -> list[Any]:
    return [client.app.operation_of(endpoint) for endpoint in client.app.view_functions]


def takes_token(operation: Any) -> bool:
    return any(isinstance(part, BearerToken) for part in operation.inputs)


def test_every_operation_with_a_token_that_writes_is_limited_and_none_that_reads(client: Any) -> None:
    with_token = [each for each in operations(client) if takes_token(each)]

    assert {each.name for each in with_token if each.method == "GET" and each.limit} == set()
    limits = {each.name: each.limit.name for each in with_token if each.method != "GET"}
    assert limits == {
        "update_me": "writes",
        "update_profile": "writes",
        "change_password": "writes",
        "request_verification": "writes",
        "end_my_other_sessions": "writes",
        "log_out": "logout",
        "end_my_session": "logout",
        "end_sessions_of_user": "logout",
        "end_session_of_user": "logout",
    }


def test_the_document_has_the_429_of_every_limited_operation(client: Any) -> None:
    paths = openapi(client.app)["paths"]
    statuses = {each["operationId"]: set(each["responses"]) for path in paths.values() for each in path.values()}

    limited = {each.name for each in operations(client) if each.limit and not each.page}  # pages are not documented
    assert {name for name in limited if "429" not in statuses[name]} == set()


def test_an_account_that_writes_too_much_gets_a_429_and_nothing_is_written(strict: Any) -> None:
    *written, refused = [write(strict, number) for number in range(BURST + 1)]

    assert [answer.status_code for answer in written] == [200] * BURST
    assert (refused.status_code, refused.json["code"]) == (429, "too_many_attempts")
    assert refused.headers["Retry-After"] == "2"
    assert [answer.headers["RateLimit"] for answer in (written[0], written[-1], refused)] == [
        f'"writes";r={left};t=2' for left in (BURST - 1, 0, 0)
    ]
    assert {answer.headers["RateLimit-Policy"] for answer in (*written, refused)} == {f'"writes";q={BURST};w=60'}
    assert strict.get(PROFILE).json["data"]["bio"] == f"version {BURST - 1}"


def test_the_limit_is_that_of_the_account_in_all_its_sessions_and_networks(strict: Any, clock: AdjustableClock) -> None:
    for number in range(BURST):
        write(strict, number, **{"X-Forwarded-For": f"203.0.{number}.1"})
    strict.sign_in()

    assert write(strict, BURST).status_code == 429
    assert strict.delete("/api/v1/me/sessions").status_code == 429
    assert write(strict.sign_in("bob"), 1).status_code == 200
    clock.advance(seconds=2)
    assert write(strict.sign_in("ann"), BURST).status_code == 200


def test_an_account_that_may_not_write_any_more_may_read_and_log_out(strict: Any) -> None:
    for number in range(BURST + 1):
        write(strict, number)

    assert strict.get(PROFILE).status_code == 200
    assert strict.post("/api/v1/public/logout").status_code == 204


def test_a_request_that_cannot_be_read_or_is_not_permitted_is_not_counted(strict: Any) -> None:
    refusals = [strict.patch(PROFILE, data=b"{", content_type="application/json") for _ in range(BURST)]
    refusals += [strict.delete("/api/v1/users/018f1d6e-0000-7000-8000-000000000000/sessions") for _ in range(BURST)]

    assert {answer.status_code for answer in refusals} == {400, 403}
    assert write(strict, 1).headers["RateLimit"] == f'"writes";r={BURST - 1};t=2'


def test_a_session_that_refreshes_too_often_waits_with_the_same_token(strict: Any, clock: AdjustableClock) -> None:
    tokens = [strict.login().json["data"]["refresh"] for _ in range(2)]

    def refresh(number: int, token: str) -> Any:
        body, client = {"refresh": token}, {"X-Forwarded-For": f"203.0.{number}.1"}
        return strict.post("/api/v1/public/refresh", json=body, headers=client)

    for number in range(60):
        token, tokens[0] = tokens[0], refresh(number, tokens[0]).json["data"]["refresh"]
    repeated = [refresh(number, token).json["data"]["refresh"] for number in range(60, 100)]
    assert set(repeated) == {tokens[0]}, "a repetition within the grace stores nothing"
    refused = refresh(60, tokens[0])

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert refused.headers["RateLimit-Policy"] == '"refresh-session";q=60;w=120'
    assert refresh(61, tokens[1]).status_code == 200
    clock.advance(seconds=2)
    assert refresh(62, tokens[0]).status_code == 200
