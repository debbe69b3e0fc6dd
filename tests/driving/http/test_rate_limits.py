"""Every route without a token has a limit, and its responses report what is left."""

from collections.abc import Callable
from typing import Any

import pytest

from hexaccount.bootstrap.settings import LimitSettings
from hexaccount.testing.adjustable_clock import AdjustableClock
from tests.people import WRONG_PASSWORD

NOT_LIMITED = {"/health", "/ready"}
SAME = {"headers": {"X-Request-ID": "one"}}


def attempt(client: Any, name: str, times: int = 6, **options: Any) -> list[Any]:
    return [client.login(name, WRONG_PASSWORD, **{**SAME, **options}) for _ in range(times)]


def test_too_many_guesses_get_a_429_with_retry_after(strict: Any, clock: AdjustableClock) -> None:
    *wrong, refused = attempt(strict, "ann")

    assert [answer.status_code for answer in wrong] == [401] * 5
    assert (refused.status_code, refused.mimetype) == (429, "application/problem+json")
    assert (refused.json["code"], refused.json["title"]) == ("too_many_attempts", "Too many attempts")
    assert refused.json["detail"] == "too many attempts; wait 12 seconds and try again"
    assert refused.headers["Retry-After"] == "12"
    clock.advance(seconds=int(refused.headers["Retry-After"]))
    assert strict.login().status_code == 200


def test_every_response_to_a_login_reports_what_is_left(strict: Any) -> None:
    answers = [strict.login(), *attempt(strict, "ann", 2), strict.login(), *attempt(strict, "ann", 4)]

    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"login";q=5;w=60'}
    assert [answer.status_code for answer in answers] == [200, 401, 401, 200, 401, 401, 401, 429]
    reported = [answer.headers["RateLimit"] for answer in answers]
    assert reported == [f'"login";r={left};t=12' for left in (5, 4, 3, 3, 2, 1, 0, 0)]


def test_a_wrong_current_password_reports_what_is_left(strict: Any) -> None:
    strict.sign_in()
    body = {"current_password": WRONG_PASSWORD, "new_password": "a new and longer password"}

    answers = [strict.post("/api/v1/me/password", json=body) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [422] * 5 + [429]
    assert {answer.headers.get("RateLimit-Policy") for answer in answers} == {'"password";q=5;w=60'}
    assert [answer.headers["RateLimit"] for answer in answers] == [
        f'"password";r={left};t=12' for left in (4, 3, 2, 1, 0, 0)
    ]


def test_a_limited_guess_answers_alike_to_the_byte_whether_or_not_the_account_exists(strict: Any) -> None:
    answers = {name: attempt(strict, name) for name in ("ann", "nobody", "no name")}

    shown = [[(a.status, str(a.headers), a.data) for a in several] for several in answers.values()]
    assert shown[0] == shown[1] == shown[2]
    assert shown[0][-1][0] == "429 TOO MANY REQUESTS"


def test_an_account_under_attack_answers_alike_to_the_byte_whether_or_not_it_exists(strict: Any) -> None:
    shown = []
    for name in ("ann", "nobody"):
        answers = []
        for number in range(42):
            from_there = {"headers": {"X-Request-ID": "one", "X-Forwarded-For": f"203.0.113.{number}"}}
            answers += attempt(strict, name, 1, **from_there)
        shown.append([(a.status, str(a.headers), a.data) for a in answers])
    assert shown[0] == shown[1]
    assert [status[:3] for status, _, _ in shown[0]] == ["401"] * 40 + ["429"] * 2


def test_the_device_of_a_login_can_log_in_under_attack(strict: Any) -> None:
    device = strict.login().json["data"]["device"]
    attempt(strict, "ann")

    assert strict.login().status_code == 429
    answer = strict.login(device=device)
    assert (answer.status_code, answer.json["data"]["device"]) == (200, device)
    assert answer.headers["RateLimit-Policy"] == '"login-device";q=5;w=60'
    assert strict.login(device="forged").status_code == 429


def test_a_device_that_is_not_a_text_is_reported_by_its_pointer(strict: Any) -> None:
    body = {"user_name": "ann", "password": "x", "device": 7}

    answer = strict.post("/api/v1/public/login", json=body)

    assert answer.status_code == 422
    assert [error["pointer"] for error in answer.json["errors"]] == ["/device"]


@pytest.mark.parametrize(
    ("path", "policy", "status"),
    [
        ("/api/v1/public/register", '"register";q=30;w=60', 415),
        ("/api/v1/public/avatar/ann", '"avatar";q=200;w=40', 200),
        ("/.well-known/jwks.json", '"keys";q=120;w=12', 200),
        ("/api/v1/public/avatar/!", '"avatar";q=200;w=40', 422),
    ],
)
def test_requests_are_counted_before_any_work_and_every_response_reports_it(
    make_client: Callable[..., Any], clock: AdjustableClock, path: str, policy: str, status: int
) -> None:
    client = make_client(limits=LimitSettings(), clock=clock)
    method = "post" if policy.startswith('"register') else "get"
    quota = int(policy.split("q=")[1].partition(";")[0])

    answers = [getattr(client, method)(path) for _ in range(quota + 1)]

    assert [answer.status_code for answer in answers] == [status] * quota + [429]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {policy}
    assert [int(a.headers["RateLimit"].split("r=")[1].partition(";")[0]) for a in answers] == [
        *reversed(range(quota)),
        0,
    ]
    assert answers[-1].headers["Retry-After"] == answers[-1].headers["RateLimit"].split("t=")[1]
    assert "Retry-After" not in answers[0].headers


def test_clients_behind_a_trusted_proxy_are_counted_separately(strict: Any) -> None:
    def register(address: str) -> Any:
        return strict.post("/api/v1/public/register", headers={"X-Forwarded-For": address})

    assert [register("203.0.113.7").status_code for _ in range(31)] == [415] * 30 + [429]
    assert register("203.0.113.8").status_code == 415
    assert [register(f"2001:db8::{number}").status_code for number in range(31)] == [415] * 30 + [429]


def test_an_untrusted_client_cannot_choose_its_address(make_client: Callable[..., Any], clock: AdjustableClock) -> None:
    client = make_client(limits=LimitSettings(), clock=clock)
    answers = [client.post("/api/v1/public/register", headers={"X-Forwarded-For": f"203.0.113.{n}"}) for n in range(31)]
    assert answers[-1].status_code == 429


def test_every_route_without_a_token_has_a_limit_and_routes_for_operators_have_none(strict: Any) -> None:
    for rule in strict.app.url_map.iter_rules():
        path = rule.rule.replace("<identifier>", "ann").replace("<file>", "page.js")
        if path == "/api/v1/public/logout":
            continue  # it takes a token: see test_write_limits
        if path.startswith(("/api/v1/public/", "/.well-known/", "/swagger", "/asyncapi")):
            method = "get" if "GET" in (rule.methods or ()) else "post"
            body = {"json": {"user_name": "ann", "password": "wrong"}} if path.endswith("/login") else {}
            assert "RateLimit" in getattr(strict, method)(path, **body).headers, path
        elif path in NOT_LIMITED:
            assert "RateLimit" not in strict.get(path).headers


def test_without_limits_no_response_reports_one(make_client: Callable[..., Any]) -> None:
    client = make_client(limits=LimitSettings(enabled=False))

    for answer in (*attempt(client, "ann", 10), client.get("/api/v1/public/avatar/ann")):
        assert answer.status_code in {200, 401}
        assert not [name for name in answer.headers.keys() if name.startswith("RateLimit")]  # noqa: SIM118 - iterating gives pairs
