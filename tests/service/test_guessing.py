"""Rate limits under parallel password guesses, on two processes and with the real clock."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier

import pytest
import requests

from hexaccount.passwords.login_throttle import LOGIN, LOGIN_NAME
from tests.people import login_form
from tests.servers.postgres import temporary_database
from tests.service.account import Account
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

GUESSERS = 64
GUESSES = 2


@dataclass(frozen=True)
class Attack:
    """The responses to the guesses, and how long they took."""

    responses: list[requests.Response]
    seconds: float

    @property
    def codes(self) -> Counter[int]:
        return Counter(response.status_code for response in self.responses)


@pytest.fixture
def ada(serving, hexaccount, postgres_server: str) -> Iterator[Account]:
    """Yield an account on a service of two processes that trusts `X-Forwarded-For`."""
    with temporary_database(postgres_server) as database:
        settings = {
            "HEXACCOUNT_STORE": database,
            "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
            "HEXACCOUNT_PASSWORD__QUEUE": "200",
            "HEXACCOUNT_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]',
        }
        assert hexaccount("migrate", **settings).returncode == 0
        with serving("--workers", "2", **settings) as (_, url):
            ada = Account(url, "ada")
            assert ada.register().status_code == 201
            yield ada


def login(account: Account, password: str, address: str, device: str | None = None) -> requests.Response:
    form = login_form(account.name, password, device)
    return requests.post(
        f"{account.url}/api/v1/public/login", json=form, headers={"X-Forwarded-For": address}, timeout=60
    )


def attack(account: Account, address_of: Callable[[int], str]) -> Attack:
    """Start all guessers at the same moment, each request on a new connection."""
    start = Barrier(GUESSERS)

    def guess(number: int) -> list[requests.Response]:
        start.wait(30)
        return [login(account, f"guess {number} {attempt}", address_of(number)) for attempt in range(GUESSES)]

    began = time.monotonic()
    with ThreadPoolExecutor(GUESSERS) as guessers:
        responses = [response for some in guessers.map(guess, range(GUESSERS)) for response in some]
    return Attack(responses, time.monotonic() - began)


def test_64_guessers_at_one_address_on_two_processes_get_no_more_hashes_than_its_limit(
    ada: Account,
) -> None:
    bucket = LOGIN.limit.burst
    result = attack(ada, lambda number: "203.0.113.7")
    assert set(result.codes) == {401, 429}
    assert bucket.capacity <= result.codes[401] <= bucket.capacity + result.seconds // bucket.interval.total_seconds()
    assert login(ada, ada.password, "198.51.100.7").status_code == 200


def test_64_guessers_at_64_addresses_get_no_more_hashes_than_the_limit_of_the_name(ada: Account) -> None:
    bucket = LOGIN_NAME.limit.burst
    device = login(ada, ada.password, "198.51.100.7").json()["data"]["device"]

    result = attack(ada, lambda number: f"203.0.113.{number}")

    assert set(result.codes) == {401, 429}
    assert bucket.capacity <= result.codes[401] <= bucket.capacity + result.seconds // bucket.interval.total_seconds()
    while (refused := login(ada, "one more guess", "203.0.113.99")).status_code == 401:
        pass  # use up what has been refilled meanwhile
    assert login(ada, ada.password, "198.51.100.7", device).status_code == 200
    time.sleep(int(refused.headers["Retry-After"]))
    assert login(ada, ada.password, "198.51.100.8").status_code == 200


@pytest.mark.slow
def test_an_unknown_account_has_the_same_limit_as_an_existing_one(ada: Account) -> None:
    unknown = Account(ada.url, "unknown")
    bucket = LOGIN_NAME.limit.burst
    result = attack(unknown, lambda number: f"203.0.113.{number}")
    assert set(result.codes) == {401, 429}
    assert bucket.capacity <= result.codes[401] <= bucket.capacity + result.seconds // bucket.interval.total_seconds()


def test_the_workers_on_sqlite_count_together_and_a_restart_gives_back_no_attempt(serving, tmp_path) -> None:
    bucket, began, statuses = LOGIN.limit.burst, time.monotonic(), []
    for workers in ("2", "1"):
        with serving("--workers", workers) as (_, url):
            statuses += [login(Account(url, "unknown"), "x", "192.0.2.7").status_code for _ in range(7)]
    refilled = (time.monotonic() - began) // bucket.interval.total_seconds()
    assert bucket.capacity <= statuses.count(401) <= bucket.capacity + refilled
    assert (tmp_path / "hexaccount-data" / "hexaccount.db-limits").exists()
