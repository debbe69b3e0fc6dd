"""Refreshing over HTTP, on two worker processes that share a store."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier
from typing import Any

import pytest
import requests

from tests.servers.postgres import temporary_database
from tests.service.account import Account
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

THREADS = 32
GRACE = 15.0  # longer than 32 requests that wait for each other take on a slow machine


@pytest.fixture(params=[pytest.param("sqlite", marks=pytest.mark.slow), "postgresql"])
def url(request: pytest.FixtureRequest, hexaccount: Callable[..., Any], serving: Callable[..., Any]) -> Iterator[str]:
    """Yield the URL of a service of two workers."""
    with ExitStack() as stack:
        settings = {"HEXACCOUNT_SESSION__REFRESH_GRACE": str(GRACE)}
        if request.param == "postgresql":
            database = stack.enter_context(temporary_database(request.getfixturevalue("postgres_server")))
            settings |= {"HEXACCOUNT_STORE": database, "HEXACCOUNT_JWT__KEY": SIGNING_KEY}
            assert hexaccount("migrate", **settings).returncode == 0
        _, address = stack.enter_context(serving("--workers", "2", **settings))
        yield address


def refresh(url: str, token: str) -> requests.Response:
    # A new connection, so that the kernel assigns it to either process.
    headers = {"Connection": "close"}
    return requests.post(f"{url}/api/v1/public/refresh", json={"refresh": token}, headers=headers, timeout=60)


def test_32_threads_with_one_token_get_one_successor_and_its_reuse_ends_the_session(url: str) -> None:
    account = Account(url, "contested")
    assert account.register().status_code == 201
    body = {"user_name": account.name, "password": account.password}
    first = requests.post(f"{url}/api/v1/public/login", json=body, timeout=20).json()["data"]["refresh"]
    token = first
    start = Barrier(THREADS)

    def use(token: str) -> requests.Response:
        start.wait(60)
        return refresh(url, token)

    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(3):
            answers = list(pool.map(use, [token] * THREADS))
            assert {answer.status_code for answer in answers} == {200}
            successors = {answer.json()["data"]["refresh"] for answer in answers}
            assert len(successors) == 1
            (token,) = successors - {token}
    headers = {"Authorization": answers[0].headers["Authorization"]}
    assert account.get("/api/v1/me", headers).status_code == 200
    time.sleep(GRACE + 0.1)

    copied = refresh(url, first)

    assert (copied.status_code, copied.json()["code"]) == (401, "invalid_refresh_token")
    for _ in range(8):
        assert account.get("/api/v1/me", {**headers, "Connection": "close"}).status_code == 401
        assert refresh(url, token).status_code == 401
