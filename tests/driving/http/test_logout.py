"""A logout names its session by an access token, a refresh token, or both."""

from typing import Any

import pytest

from hexaccount.testing.adjustable_clock import AdjustableClock
from hexaccount.testing.api_client import ApiClient

LOGOUT = "/api/v1/public/logout"
REFRESH = "/api/v1/public/refresh"


@pytest.fixture
def client(strict: ApiClient) -> ApiClient:
    return strict


def log_in(client: ApiClient) -> dict[str, Any]:
    data: dict[str, Any] = client.login().json["data"]
    return data


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access']}"}


def is_live(client: ApiClient, tokens: dict[str, Any]) -> bool:
    return bool(client.post(REFRESH, json={"refresh": tokens["refresh"]}).status_code == 200)


@pytest.mark.parametrize("body", [{}, {"json": {}}, {"json": {"refresh": None}}], ids=["no body", "empty", "null"])
def test_an_access_token_alone_logs_out(client: ApiClient, body: dict[str, Any]) -> None:
    tokens = log_in(client)
    assert client.post(LOGOUT, headers=bearer(tokens), **body).status_code == 204
    assert not is_live(client, tokens)


@pytest.mark.parametrize("access", ["expired", "none", "malformed"])
def test_a_refresh_token_logs_out_whatever_has_become_of_the_access_token(
    client: ApiClient, clock: AdjustableClock, access: str
) -> None:
    tokens, other = log_in(client), log_in(client)
    headers = {"expired": bearer(tokens), "none": {}, "malformed": {"Authorization": "Bearer ?"}}[access]
    clock.advance(hours=1)
    assert client.post(LOGOUT, headers=bearer(tokens)).json["code"] == "invalid_token"
    answer = client.post(LOGOUT, headers=headers, json={"refresh": tokens["refresh"]})
    assert (answer.status_code, answer.data) == (204, b"")
    assert not is_live(client, tokens)
    assert is_live(client, other)


def test_a_logout_ends_both_sessions_if_its_tokens_are_of_two(client: ApiClient) -> None:
    first, second, third = (log_in(client) for _ in range(3))
    client.post(LOGOUT, headers=bearer(first), json={"refresh": second["refresh"]})
    assert [is_live(client, tokens) for tokens in (first, second, third)] == [False, False, True]


@pytest.mark.parametrize("text", ["", "no token", "hxr_" + "a" * 43, "é" * 256], ids=ascii)
def test_a_text_that_is_no_refresh_token_gets_a_204_and_ends_nothing(client: ApiClient, text: str) -> None:
    tokens = log_in(client)
    assert client.post(LOGOUT, json={"refresh": text}).status_code == 204
    assert is_live(client, tokens)


def test_a_repetition_and_a_token_that_was_used_get_a_204(client: ApiClient) -> None:
    tokens = log_in(client)
    newer = client.post(REFRESH, json={"refresh": tokens["refresh"]}).json["data"]
    for token in (tokens["refresh"], tokens["refresh"], newer["refresh"]):
        assert client.post(LOGOUT, json={"refresh": token}).status_code == 204
    assert not is_live(client, newer)


@pytest.mark.parametrize("body", [{"refresh": 5}, {"refresh_token": "x"}, {"refresh": "x" * 257}], ids=str)
def test_a_body_that_names_no_token_is_refused_so_that_nothing_seems_done(client: ApiClient, body: Any) -> None:
    tokens = log_in(client)
    assert client.post(LOGOUT, headers=bearer(tokens), json=body).status_code == 422
    assert is_live(client, tokens)


def test_a_logout_without_any_token_is_refused(client: ApiClient) -> None:
    assert client.post(LOGOUT).json["code"] == client.post(LOGOUT, json={}).json["code"] == "not_authenticated"


def test_a_logout_by_refresh_token_counts_by_address_and_one_by_access_token_by_account(client: ApiClient) -> None:
    here, there = {"X-Forwarded-For": "203.0.113.7"}, {"X-Forwarded-For": "203.0.113.8"}
    answers = [client.post(LOGOUT, json={"refresh": ""}, headers=here).headers["RateLimit"] for _ in range(2)]
    answers += [client.post(LOGOUT, json={"refresh": ""}, headers=there).headers["RateLimit"]]
    answers += [client.post(LOGOUT, headers={**here, **bearer(log_in(client))}).headers["RateLimit"] for _ in range(2)]
    assert [answer.partition(";r=")[2].partition(";")[0] for answer in answers] == ["599", "598", "599", "599", "598"]
