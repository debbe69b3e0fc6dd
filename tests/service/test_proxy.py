"""The service behind the proxy of compose.prod.yaml, with its own file: config/haproxy/haproxy.cfg."""

import json
import os
import re
import socket
import ssl
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from websocket import create_connection

from tests.servers import forked
from tests.servers.haproxy import CONFIG, Haproxy
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand
from tests.service.conftest import Account

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
# As compose.prod.yaml has it, the delay a little shorter.
SETTINGS = {
    "HEXACCOUNT_HTTP__TRUSTED_PROXIES": '["127.0.0.1"]',
    "HEXACCOUNT_HTTP__DRAIN_DELAY": "3",
    "HEXACCOUNT_PASSWORD__COST": "4",
    "HEXACCOUNT_LIMITS__ENABLED": "false",
}


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class House:
    """Two instances of the service and one that holds sockets, on one store, and the proxy before them."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self._folder, self._stack = folder, stack
        secrets = folder / "secrets"
        subprocess.run(["sh", ROOT / "config/secrets.sh", secrets], check=True, capture_output=True, timeout=30)
        self.certificate = secrets / "certificate.pem"
        self.ports = {name: free_port() for name in ("one", "two", "realtime")}
        self.running: dict[str, RunningCommand] = {}
        for name in self.ports:
            self.start(name)
        backends = {
            f"HEXACCOUNT_{name}": f"127.0.0.1:{self.ports[part]}"
            for name, part in (("HTTP_ONE", "one"), ("HTTP_TWO", "two"), ("REALTIME", "realtime"))
        }
        self.proxy = stack.enter_context(Haproxy(folder, backends=backends, certificate=self.certificate))
        self.url = self.proxy.url
        wait_until(lambda: self.get("/ready").ok)

    def start(self, name: str) -> None:
        """Start an instance on its port, and return when it is ready."""
        command, port = "realtime" if name == "realtime" else "http", str(self.ports[name])
        argv = [command, "--port", port]
        process = forked.running(argv, output=self._folder / name, env=SETTINGS, cwd=self._folder)
        self.running[name] = self._stack.enter_context(process)
        process.wait_for_ok(f"http://127.0.0.1:{port}/ready", timeout=60)

    def client(self) -> requests.Session:
        """Return a client that keeps its connection."""
        session = requests.Session()
        session.verify, session.trust_env = str(self.certificate), False
        return session

    def get(self, path: str, **headers: str) -> requests.Response:
        """Ask for a path as it stands."""
        with self.client() as client:
            request = requests.Request("GET", self.url, headers=headers).prepare()
            request.url = self.url + path  # nobody is to tidy it up
            return client.send(request, timeout=20, allow_redirects=False)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name in [name for name in os.environ if name.startswith("HEXACCOUNT_") and "_TEST_" not in name]:
            patch.delenv(name)
        house = House(tmp_path_factory.mktemp("proxy"), stack)
        yield house
        for process in house.running.values():
            process.kill()  # nobody waits for the delay any more


@pytest.mark.parametrize(
    "path", ["/metrics", "//metrics", "/%6detrics", "/metrics/", "/api/../metrics", "/api/%2e%2e/metrics"]
)
def test_what_is_for_those_inside_is_not_told_outside(house: House, path: str) -> None:
    answer = house.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    inside = requests.get(f"http://127.0.0.1:{house.ports['one']}/metrics", timeout=20)
    assert (inside.status_code, "version=0.0.4" in inside.headers["Content-Type"]) == (200, True)


@pytest.mark.parametrize(
    "path", ["/ready", "/health", "/.well-known/jwks.json", "/asyncapi.json", "/swagger.json", "/swagger/index.html"]
)
def test_what_is_for_everybody_passes(house: House, path: str) -> None:
    answer = house.get(path)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_every_path_of_the_document_passes_but_the_figures(house: House) -> None:
    paths = set(house.get("/swagger.json").json()["paths"])
    assert "/metrics" in paths
    kept_back = set()
    for path in paths:
        answer = house.get(re.sub(r"{\w+}", "x", path))
        # The service's own problems have a `request_id`.
        if answer.status_code == 404 and "request_id" not in answer.json():
            kept_back.add(path)
    assert kept_back == {"/metrics"}


def test_who_asks_is_who_is_connected_to_the_proxy_whatever_they_say(house: House) -> None:
    inside = f"http://127.0.0.1:{house.ports['one']}"
    ada = Account(inside, "ada")
    assert ada.register().status_code == 201
    body = {"user_name": ada.name, "password": ada.password}
    forged = {"X-Forwarded-For": "192.0.2.7"}
    with house.client() as client:
        answer = client.post(f"{house.url}/api/v1/public/login", json=body, headers=forged, timeout=20)
    assert answer.ok
    token = {"Authorization": f"Bearer {answer.json()['data']['access']}"}
    told = {session["address"] for session in house.get("/api/v1/me/sessions", **token).json()["data"]}
    assert told == {"127.0.0.1"}
    # The one who is trusted is believed, which the forger would be too without the proxy.
    answer = requests.post(f"{inside}/api/v1/public/login", json=body, headers=forged, timeout=20)
    assert answer.ok
    told = {session["address"] for session in house.get("/api/v1/me/sessions", **token).json()["data"]}
    assert told == {"127.0.0.1", "192.0.2.7"}


@pytest.mark.parametrize(
    "start", [b"GET /api/v1/\x00me HTTP/1.1", b"GET /" + b"x" * 20_000 + b" HTTP/1.1", b"not a request"]
)
def test_what_the_proxy_itself_cannot_read_is_refused_and_reaches_nobody(house: House, start: bytes) -> None:
    # With a page of HTML: HAProxy has a text of its own for this, whatever `http-error` says.
    trusted = ssl.create_default_context(cafile=str(house.certificate))
    port = urlsplit(house.url).port
    assert port is not None
    with (
        socket.create_connection(("localhost", port), timeout=20) as line,
        trusted.wrap_socket(line, server_hostname="localhost") as secured,
    ):
        secured.sendall(start + b"\r\nHost: localhost\r\n\r\n")
        with HTTPResponse(secured) as answer:
            answer.begin()
            assert answer.status == 400
            assert "request_id" not in answer.read().decode(), "no answer of the service"


def test_each_refusal_of_the_proxy_itself_is_a_problem() -> None:
    told = dict(re.findall(r"http-error status (\d+) .*? string '(.*)'", CONFIG.read_text(encoding="utf-8")))
    assert told.keys() == {"400", "404", "408", "413", "500", "502", "503", "504"}
    for status, text in told.items():
        problem = json.loads(text)
        assert problem["status"] == int(status)
        assert problem["type"] == f"urn:hexaccount:problem:{problem['code']}"


def test_where_no_instance_is_ready_it_says_so_as_the_service_does(house: House, tmp_path: Path) -> None:
    nobody = f"127.0.0.1:{free_port()}"
    backends = dict.fromkeys(("HEXACCOUNT_HTTP_ONE", "HEXACCOUNT_HTTP_TWO", "HEXACCOUNT_REALTIME"), nobody)
    with Haproxy(tmp_path, backends=backends, certificate=house.certificate) as proxy, house.client() as client:
        answer = client.get(f"{proxy.url}/api/v1/me", timeout=20)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "unavailable"
    assert answer.headers["Retry-After"] == "5"


def test_sockets_pass(house: House) -> None:
    url = f"wss://localhost:{urlsplit(house.url).port}/socket.io/?EIO=4&transport=websocket"
    trusted = {"ca_certs": str(house.certificate)}
    with closing(create_connection(url, timeout=20, sslopt=trusted, suppress_origin=True)) as socket:
        assert str(socket.recv()).startswith("0{"), "Engine.IO opens"


def test_no_request_fails_while_instances_are_replaced_one_after_the_other(house: House) -> None:
    seen: Counter[object] = Counter()
    over = threading.Event()

    def ask() -> None:
        with house.client() as client:
            while not over.wait(0.01):
                try:
                    seen[client.get(f"{house.url}/.well-known/jwks.json", timeout=20).status_code] += 1
                except requests.RequestException as error:
                    seen[repr(error)] += 1

    def some_more_are_served() -> None:
        before = seen[200]
        wait_until(lambda: seen[200] > before + 50)

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for thread in clients:
        thread.start()
    try:
        for name in ("one", "two"):
            some_more_are_served()
            assert house.running[name].terminate() == 0
            some_more_are_served()
            house.start(name)
            # The proxy has to notice before the other one goes: a second and a half, and nobody says so.
            wait_until(lambda: house.proxy.instances_up() == 2)
    finally:
        over.set()
        for thread in clients:
            thread.join()
    assert set(seen) == {200}
