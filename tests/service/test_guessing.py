"""Limits as attackers meet them: many at once, on two processes, and the real clock."""

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from threading import Barrier

import pytest
import requests

from hexaccount.rate_limits.policies import limits
from tests.servers.postgres import temporary_database
from tests.service.conftest import Account

pytestmark = pytest.mark.long

GUESSERS = 64
GUESSES = 5


@dataclass(frozen=True)
class Attack:
    """What became of the guesses, and how long they took."""

    answers: list[requests.Response]
    seconds: float

    @property
    def codes(self) -> Counter[int]:
        return Counter(answer.status_code for answer in self.answers)


@pytest.fixture
def ada(serving, hexaccount, postgres_server: str) -> Iterator[Account]:
    """Give somebody with an account on a service of two processes, which believes what it is told of addresses."""
    with temporary_database(postgres_server) as database:
        settings = {
            "HEXACCOUNT_STORE": database,
            "HEXACCOUNT_JWT__KEY": "k" * 40,
            "HEXACCOUNT_PASSWORD__QUEUE": "200",
            "HEXACCOUNT_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]',
        }
        assert hexaccount("migrate", **settings).returncode == 0
        with serving("--workers", "2", **settings) as (_, url):
            ada = Account(url, "ada")
            assert ada.register().status_code == 201
            yield ada


def login(account: Account, password: str, address: str, device: str | None = None) -> requests.Response:
    body = {"user_name": account.name, "password": password, **({"device": device} if device else {})}
    return requests.post(
        f"{account.url}/api/v1/public/login", json=body, headers={"X-Forwarded-For": address}, timeout=60
    )


def attack(account: Account, address_of: Callable[[int], str]) -> Attack:
    """Have all guessers begin at the same moment, each on connections of its own."""
    start = Barrier(GUESSERS)

    def guess(number: int) -> list[requests.Response]:
        start.wait(30)
        return [login(account, f"guess {number} {attempt}", address_of(number)) for attempt in range(GUESSES)]

    began = time.monotonic()
    with ThreadPoolExecutor(GUESSERS) as guessers:
        answers = [answer for several in guessers.map(guess, range(GUESSERS)) for answer in several]
    return Attack(answers, time.monotonic() - began)


def test_64_who_guess_from_one_address_on_two_processes_make_no_more_hashes_than_its_limit(ada: Account) -> None:
    meter = limits()["login"].burst
    result = attack(ada, lambda number: "203.0.113.7")
    assert set(result.codes) == {401, 429}
    assert meter.capacity <= result.codes[401] <= meter.capacity + result.seconds // meter.interval.total_seconds()
    assert login(ada, ada.password, "198.51.100.7").status_code == 200


def test_64_who_guess_from_as_many_addresses_make_no_more_hashes_than_the_account_allows(ada: Account) -> None:
    meter = limits()["login-account"].burst
    device = login(ada, ada.password, "198.51.100.7").json()["data"]["device"]

    result = attack(ada, lambda number: f"203.0.113.{number}")

    assert set(result.codes) == {401, 429}
    assert meter.capacity <= result.codes[401] <= meter.capacity + result.seconds // meter.interval.total_seconds()
    while (refused := login(ada, "one more guess", "203.0.113.99")).status_code == 401:
        pass  # the attack goes on for as long as there is room
    assert login(ada, ada.password, "198.51.100.7", device).status_code == 200
    time.sleep(int(refused.headers["Retry-After"]))
    assert login(ada, ada.password, "198.51.100.8").status_code == 200


def test_an_unknown_account_is_refused_as_often_as_a_known_one(ada: Account) -> None:
    nobody = Account(ada.url, "nobody")
    meter = limits()["login-account"].burst
    result = attack(nobody, lambda number: f"203.0.113.{number}")
    assert set(result.codes) == {401, 429}
    assert meter.capacity <= result.codes[401] <= meter.capacity + result.seconds // meter.interval.total_seconds()


def test_one_worker_on_sqlite_counts_by_itself_and_several_in_the_store(serving, tmp_path) -> None:
    def counted() -> int:
        with closing(sqlite3.connect(tmp_path / "hexaccount-data" / "hexaccount.db")) as connection:
            return int(connection.execute("SELECT count(*) FROM allowances").fetchone()[0])

    for workers, rows in (("1", 0), ("2", 3)):
        with serving("--workers", workers) as (_, url):
            answers = [login(Account(url, "nobody"), "x", "192.0.2.7").status_code for _ in range(7)]
            assert answers == [401] * 5 + [429] * 2
        assert counted() == rows
