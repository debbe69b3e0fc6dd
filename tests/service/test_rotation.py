"""Signing keys are rotated while two workers are under load, and no request fails."""

import itertools
import json
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from hexaccount.bootstrap.service import open_service
from hexaccount.bootstrap.settings import JwtSettings, SessionSettings, Settings
from hexaccount.conformance.suites.clocks_apart import ClockAhead
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.clock import CLOCKS_APART
from hexaccount.signing_keys.list_keys import ListKeys
from hexaccount.signing_keys.remove_key import RemoveKey
from hexaccount_system import SystemClock
from tests.people import login_form
from tests.servers.postgres import temporary_database
from tests.service.account import Account
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

LIFETIME = 3
SIGNS_AFTER = 5
KEY = {
    "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
    "HEXACCOUNT_SESSION__ACCESS_LIFETIME": str(LIFETIME),
    "HEXACCOUNT_LIMITS__FACTOR": "1000",
}
MARGIN = 1.0
"""Seconds before its expiry in which a token is no longer sent, because it may expire on its way."""


def header_of(token: str) -> dict[str, str]:
    read: dict[str, str] = json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))
    return read


def expiry_of(token: str) -> float:
    return float(json.loads(urlsafe_b64decode(token.split(".")[1] + "=="))["exp"])


@dataclass
class Load:
    """Logs in and reads the account repeatedly, with tokens of every age."""

    url: str
    tokens: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=lambda: {"login": 0, "me": 0, "jwks": 0})
    seen: dict[str, set[str]] = field(default_factory=lambda: {"signed": set(), "used": set(), "published": set()})
    stopped: threading.Event = field(default_factory=threading.Event)

    def log_in(self) -> None:
        answer = requests.post(f"{self.url}/api/v1/public/login", json=login_form("ada"), timeout=20)
        self._check("login", answer)
        token = answer.json()["data"]["access"]
        self.seen["signed"].add(header_of(token)["kid"])
        self.tokens.append(token)
        # At once and on new connections: the token may be the first of its key, and the other worker must accept it.
        for _ in range(3):
            self._use(token)

    def read_account(self, number: int) -> None:
        alive = [token for token in self.tokens[-400:] if expiry_of(token) > time.time() + MARGIN]
        if not alive:
            time.sleep(0.01)
            return
        # In turns the oldest token, which expires next, and any other.
        token = alive[0] if number % 2 else alive[number % len(alive)]
        self._use(token)

    def _use(self, token: str) -> None:
        answer = requests.get(f"{self.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"}, timeout=20)
        if expiry_of(token) > time.time():
            self._check("me", answer, header_of(token)["kid"])
            self.seen["used"].add(header_of(token)["kid"])

    def compare_published_keys(self) -> None:
        """Fail if a key pair whose tokens are in use is not published."""
        tokens = [token for token in self.tokens[-400:] if header_of(token)["alg"] != "HS256"]
        answer = requests.get(f"{self.url}/.well-known/jwks.json", timeout=20)
        self._check("jwks", answer)
        published = {key["kid"] for key in answer.json()["keys"]}
        self.seen["published"] |= published
        in_use = {header_of(token)["kid"] for token in tokens if expiry_of(token) > time.time()}
        if not in_use <= published:
            self.failures.append(f"{in_use - published} are in use and not published")

    def _check(self, what: str, answer: requests.Response, kid: str = "") -> None:
        self.counts[what] += 1
        if answer.status_code != 200:
            self.failures.append(f"{what}: {answer.status_code} {kid} {answer.text}")

    @contextmanager
    def running(self) -> Iterator[None]:
        def repeat(action: Callable[..., None], pause: float) -> None:
            for number in itertools.count():
                if self.stopped.wait(pause):
                    return
                try:
                    action(*([number] if action == self.read_account else []))
                except Exception as error:  # noqa: BLE001 - the test reports every failed request
                    self.failures.append(repr(error))

        actions = [
            (self.log_in, 0.6),
            (self.log_in, 0.8),
            (self.read_account, 0.3),
            (self.read_account, 0.4),
            (self.compare_published_keys, 0.7),
        ]
        threads = [threading.Thread(target=repeat, args=action) for action in actions]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stopped.set()
            for thread in threads:
                thread.join(30)


def wait_until(condition: Callable[[], object], seconds: float = 30, *, pause: float = 0.1) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not hold in time"
        time.sleep(pause)


@pytest.fixture
def settings(postgres_server: str) -> Iterator[dict[str, str]]:
    with temporary_database(postgres_server) as database:
        yield {"HEXACCOUNT_STORE": database, **KEY}


@contextmanager
def elsewhere(settings: dict[str, str]) -> Iterator[MessageBus]:
    """Give the service of an admin whose clock is ahead of all others, so that keys are spent as early as possible."""
    jwt, session = JwtSettings(key=SIGNING_KEY), SessionSettings(access_lifetime=LIFETIME)
    given = Settings(store=settings["HEXACCOUNT_STORE"], jwt=jwt, session=session)
    with open_service(given, clock=ClockAhead(SystemClock(), 2 * CLOCKS_APART)) as service:
        yield service.bus


def test_under_load_key_rotation_fails_no_request_and_publishes_every_key_in_use(
    serving: Any, hexaccount: Any, settings: dict[str, str]
) -> None:
    def keys(*arguments: str) -> str:
        done = hexaccount("keys", *arguments, **settings)
        assert done.returncode == 0, done.stderr
        return str(done.stdout).strip()

    def states() -> dict[str, str]:
        with elsewhere(settings) as bus:
            return {key.kid: key.state.value for key in bus.handle(ListKeys())}

    def remove(kid: str) -> None:
        with elsewhere(settings) as bus:
            bus.handle(RemoveKey(kid=kid))

    assert hexaccount("migrate", **settings).returncode == 0
    with serving("--workers", "2", **settings) as (command, url):
        assert Account(url, "ada").register().status_code == 201
        load = Load(url)
        with load.running():
            wait_until(lambda: load.tokens)
            root = header_of(load.tokens[0])["kid"]
            first = keys("add", "--signs-after", str(SIGNS_AFTER))
            wait_until(lambda: first in load.seen["published"])
            assert first not in load.seen["signed"], "the key signed before it was published"
            wait_until(lambda: first in load.seen["used"])
            # In an emergency a key signs at once, and its predecessor is retired.
            second = keys("add", "--algorithm", "ES256", "--signs-after", "0")
            keys("retire", first)
            wait_until(lambda: second in load.seen["used"])
            third = keys("add", "--algorithm", "RS256", "--signs-after", str(SIGNS_AFTER))
            wait_until(lambda: states()[first] == "spent", pause=1.0)
            remove(first)
            wait_until(lambda: third in load.seen["used"])
            # The newest key is retired, and its predecessor signs again.
            keys("retire", third)
            signed = len(load.tokens)
            wait_until(lambda: any(header_of(token)["kid"] == second for token in load.tokens[signed:]))
            wait_until(lambda: states()[third] == "spent", pause=1.0)
            remove(third)
            time.sleep(LIFETIME)
        assert load.failures == []
        assert load.seen["signed"] == load.seen["used"] == {root, first, second, third}
        assert load.seen["published"] == {first, second, third}
        assert states() == {root: "spent", second: "signing"}
        assert min(load.counts.values()) > 20, load.counts
        assert "Traceback" not in command.output
