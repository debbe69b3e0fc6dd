"""What HTTP refuses for security is logged with the client's network, the request and the hash of the account."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from hexaccount.bootstrap.settings import LimitSettings
from hexaccount.observability.account_hashes import GetAccountHash
from hexaccount.rate_limits.acquire_permit import WRITES
from hexaccount_granian.client_address import ClientAddresses
from tests.people import WRONG_PASSWORD

ADDRESS = "203.0.113.77"


@pytest.fixture
def strict(make_client: Callable[..., Any]) -> Any:
    client = make_client(limits=LimitSettings(), client_addresses=ClientAddresses(["127.0.0.1"]))
    client.register()
    client.headers = {"X-Forwarded-For": ADDRESS}
    return client


@pytest.fixture
def last_line(caplog: pytest.LogCaptureFixture) -> Callable[[], dict[str, Any]]:
    """Return a function that returns the fields of the last line, in which no address may be."""
    caplog.set_level(logging.INFO, "hexaccount.security")

    def last() -> dict[str, Any]:
        assert ADDRESS not in caplog.text
        return dict(vars(caplog.records[-1])["ecs"])

    return last


def test_a_failed_login(strict: Any, last_line: Callable[[], dict[str, Any]]) -> None:
    answer = strict.login("ann", WRONG_PASSWORD)

    line = last_line()
    assert (line["event.action"], line["error.code"]) == ("log_in", answer.json["code"])
    assert (line["labels.network"], line["http.request.id"]) == ("203.0.113.0/24", answer.headers["X-Request-ID"])
    assert line["user.hash"] == strict.service.bus.handle(GetAccountHash(reference="ann"))


def test_a_limit_of_a_network(strict: Any, last_line: Callable[[], dict[str, Any]]) -> None:
    answers = [strict.post("/api/v1/public/register") for _ in range(31)]

    line = last_line()
    assert answers[-1].status_code == 429
    assert (line["event.action"], line["labels.policy"]) == ("acquire_permit", "register")
    assert line["labels.network"] == "203.0.113.0/24"


def test_a_limit_of_an_account(strict: Any, last_line: Callable[[], dict[str, Any]]) -> None:
    strict.headers |= {"Authorization": strict.login().headers["Authorization"]}
    for _ in range(WRITES.limit.burst.capacity + 1):
        strict.patch("/api/v1/me/profile", json={})
    user_id = strict.get("/api/v1/me").json["data"]["id"]

    line = last_line()
    assert (line["labels.policy"], line["labels.network"]) == ("writes", "203.0.113.0/24")
    assert line["user.hash"] == strict.service.bus.handle(GetAccountHash(reference=user_id))
