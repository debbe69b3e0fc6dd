"""The service behind the proxy of compose.prod.yaml, configured by config/haproxy/haproxy.cfg."""

import json
import os
import re
import select
import socket
import ssl
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from email.message import Message
from http.client import HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import SimpleQueue
from urllib.parse import urlsplit

import pytest
import requests
from websocket import WebSocketBadStatusException, create_connection

from hexaccount_flask.web.headers import STANDARD_HEADERS
from tests.servers.haproxy import CONFIG, Haproxy
from tests.servers.ports import free_port
from tests.service.account import Account
from tests.service.proxied import Deployment, wait_until

pytestmark = pytest.mark.long

BACKENDS = ("HEXACCOUNT_HTTP_ONE", "HEXACCOUNT_HTTP_TWO", "HEXACCOUNT_REALTIME")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
        for name in [name for name in os.environ if name.startswith("HEXACCOUNT_") and "_TEST_" not in name]:
            patch.delenv(name)
        deployment = Deployment(tmp_path_factory.mktemp("proxy"), stack)
        yield deployment
        for process in deployment.running.values():
            process.kill()  # skips the drain delay


@pytest.mark.parametrize(
    "path", ["/metrics", "//metrics", "/%6detrics", "/metrics/", "/api/../metrics", "/api/%2e%2e/metrics"]
)
def test_internal_routes_are_not_found_from_outside(deployment: Deployment, path: str) -> None:
    answer = deployment.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
    inside = requests.get(f"http://127.0.0.1:{deployment.ports['one']}/metrics", timeout=20)
    assert (inside.status_code, "version=0.0.4" in inside.headers["Content-Type"]) == (200, True)


@pytest.mark.parametrize(
    "path", ["/ready", "/health", "/.well-known/jwks.json", "/asyncapi.json", "/swagger.json", "/swagger/index.html"]
)
def test_public_routes_pass_the_proxy(deployment: Deployment, path: str) -> None:
    answer = deployment.get(path)
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_every_documented_path_passes_except_the_metrics(deployment: Deployment) -> None:
    paths = set(deployment.get("/swagger.json").json()["paths"])
    assert "/metrics" in paths
    blocked = set()
    for path in paths:
        answer = deployment.get(re.sub(r"{\w+}", "x", path))
        # The service's own problems have a `request_id`.
        if answer.status_code == 404 and "request_id" not in answer.json():
            blocked.add(path)
    assert blocked == {"/metrics"}


def test_a_client_cannot_forge_its_address_through_the_proxy(
    deployment: Deployment,
) -> None:
    inside = f"http://127.0.0.1:{deployment.ports['one']}"
    ada = Account(inside, "ada")
    assert ada.register().status_code == 201
    body = {"user_name": ada.name, "password": ada.password}
    forged = {"X-Forwarded-For": "192.0.2.7"}
    with deployment.client() as client:
        answer = client.post(f"{deployment.url}/api/v1/public/login", json=body, headers=forged, timeout=20)
    assert answer.ok
    token = {"Authorization": f"Bearer {answer.json()['data']['access']}"}
    addresses = {session["address"] for session in deployment.get("/api/v1/me/sessions", **token).json()["data"]}
    assert addresses == {"127.0.0.1"}
    # Without the proxy the service trusts the header, so a client could forge its address.
    answer = requests.post(f"{inside}/api/v1/public/login", json=body, headers=forged, timeout=20)
    assert answer.ok
    addresses = {session["address"] for session in deployment.get("/api/v1/me/sessions", **token).json()["data"]}
    assert addresses == {"127.0.0.1", "192.0.2.7"}


@pytest.mark.parametrize(
    "start", [b"GET /api/v1/\x00me HTTP/1.1", b"GET /" + b"x" * 20_000 + b" HTTP/1.1", b"not a request"]
)
def test_a_request_that_the_proxy_cannot_parse_reaches_no_instance(deployment: Deployment, start: bytes) -> None:
    # The body is HTML: HAProxy ignores `http-error` here.
    trusted = ssl.create_default_context(cafile=str(deployment.certificate))
    port = urlsplit(deployment.url).port
    assert port is not None
    with (
        socket.create_connection(("localhost", port), timeout=20) as connection,
        trusted.wrap_socket(connection, server_hostname="localhost") as secured,
    ):
        secured.sendall(start + b"\r\nHost: localhost\r\n\r\n")
        with HTTPResponse(secured) as answer:
            answer.begin()
            assert answer.status == 400
            assert "request_id" not in answer.read().decode(), "the proxy responds, not the service"


def test_each_error_response_of_the_proxy_is_a_problem_document() -> None:
    errors = dict(re.findall(r"http-error status (\d+) .*? string '(.*)'", CONFIG.read_text(encoding="utf-8")))
    assert errors.keys() == {"400", "404", "408", "413", "429", "500", "502", "503", "504"}
    for status, text in errors.items():
        problem = json.loads(text)
        assert problem["status"] == int(status)
        assert problem["type"] == f"urn:hexaccount:problem:{problem['code']}"


def connect(deployment: Deployment, source: str) -> socket.socket:
    port = urlsplit(deployment.url).port
    return socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))


def is_open(connection: socket.socket) -> bool:
    """Return whether the proxy waits for a handshake; it closes what it refuses at once."""
    return not select.select([connection], [], [], 0)[0]


def test_one_address_with_many_silent_connections_shuts_out_no_other(deployment: Deployment) -> None:
    with ExitStack() as stack:
        silent = []
        for _ in range(290):
            with suppress(ConnectionResetError):  # the proxy may close what it refuses before `connect` returns
                silent.append(stack.enter_context(connect(deployment, "127.0.0.2")))
        wait_until(lambda: sum(map(is_open, silent)) == 256)
        assert deployment.get("/ready").ok
        assert deployment.proxy.answers()


def test_one_address_cannot_open_connections_without_end(deployment: Deployment) -> None:
    def refused() -> bool:
        try:
            with connect(deployment, "127.0.0.3") as connection:
                return bool(select.select([connection], [], [], 0.02)[0])
        except ConnectionResetError:
            return True

    assert not refused()
    assert any(refused() for _ in range(400))
    assert deployment.get("/ready").ok


def test_a_connection_on_which_no_handshake_comes_is_closed(deployment: Deployment) -> None:
    with connect(deployment, "127.0.0.4") as silent:
        assert silent.recv(1) == b""


def test_requests_of_one_address_without_end_do_not_reach_the_service(deployment: Deployment) -> None:
    port = urlsplit(deployment.url).port

    def statuses(source: str, requests: int) -> list[int]:
        context = ssl._create_unverified_context()
        with closing(HTTPSConnection("127.0.0.1", port, context=context, source_address=(source, 0))) as connection:
            return [status_of(connection) for _ in range(requests)]

    def status_of(connection: HTTPSConnection) -> int:
        connection.request("GET", "/nothing")
        answer = connection.getresponse()
        answer.read()
        return answer.status

    found = statuses("127.0.0.5", 3100)
    assert set(found[:2900]) == {404}
    assert found[-1] == 429
    assert statuses("127.0.0.6", 1) == [404], "another address pays for it"


def test_the_health_port_keeps_its_share_of_the_connections() -> None:
    text = CONFIG.read_text(encoding="utf-8")
    total, *shares = map(int, re.findall(r"^ +maxconn (\d+)$", text, re.MULTILINE))
    assert len(shares) == text.count("\nfrontend ")
    assert sum(shares) <= total


def test_own_answers_of_the_proxy_have_the_security_headers_too(deployment: Deployment) -> None:
    for path in ("/nothing", "/socket.io/", "/ready"):
        headers = deployment.get(path).raw.headers
        for name, value in STANDARD_HEADERS:
            assert headers.getlist(name) == [value], path
        assert headers.getlist("Strict-Transport-Security") == ["max-age=31536000"]
    page = deployment.get("/swagger/index.html").raw.headers
    assert len(page.getlist("Content-Security-Policy")) == 1
    assert "script-src 'self'" in page["Content-Security-Policy"]


def test_what_headers_claim_of_a_client_is_dropped(deployment: Deployment, tmp_path: Path) -> None:
    seen: SimpleQueue[Message] = SimpleQueue()

    class Recorder(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path != "/ready":
                seen.put(self.headers)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the output of the tests quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Recorder) as recorder:
        threading.Thread(target=recorder.serve_forever).start()
        backends = dict.fromkeys(BACKENDS, f"127.0.0.1:{recorder.server_port}")
        with (
            Haproxy(tmp_path, backends=backends, certificate=deployment.certificate) as proxy,
            deployment.client() as client,
        ):
            claims = {
                "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                "tracestate": "a=b",
                "Forwarded": "for=192.0.2.7;host=evil.example",
                "X-Forwarded-For": "192.0.2.7",
                "X-Forwarded-Host": "evil.example",
                "X-Forwarded-Port": "1",
                "X-Forwarded-Proto": "http",
                "X-Request-ID": "kept",
            }
            wait_until(lambda: client.get(f"{proxy.url}/health", headers=claims, timeout=20).ok)
        recorder.shutdown()
    headers = seen.get(timeout=20)
    forwarded = {name.lower(): value for name, value in headers.items() if "forwarded" in name.lower()}
    assert forwarded == {"x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https"}
    assert (headers["traceparent"], headers["tracestate"], headers["X-Request-ID"]) == (None, None, "kept")


def test_without_a_ready_instance_the_proxy_responds_like_the_service(deployment: Deployment, tmp_path: Path) -> None:
    closed_port = f"127.0.0.1:{free_port()}"
    backends = dict.fromkeys(BACKENDS, closed_port)
    with (
        Haproxy(tmp_path, backends=backends, certificate=deployment.certificate) as proxy,
        deployment.client() as client,
    ):
        answer = client.get(f"{proxy.url}/api/v1/me", timeout=20)
    assert (answer.status_code, answer.headers["Content-Type"]) == (503, "application/problem+json")
    assert answer.json()["code"] == "unavailable"
    assert answer.headers["Retry-After"] == "5"


def test_sockets_pass_the_proxy(deployment: Deployment) -> None:
    host = urlsplit(deployment.url).netloc
    url = f"wss://{host}/socket.io/?EIO=4&transport=websocket"
    trusted = {"ca_certs": str(deployment.certificate)}
    with closing(create_connection(url, timeout=20, sslopt=trusted, suppress_origin=True)) as socket:
        assert str(socket.recv()).startswith("0{"), "Engine.IO opens"
    with closing(create_connection(url, timeout=20, sslopt=trusted, origin=f"https://{host}")) as socket:
        assert str(socket.recv()).startswith("0{"), "a page of the same origin may connect"
    with pytest.raises(WebSocketBadStatusException, match="403"):
        create_connection(url, timeout=20, sslopt=trusted, origin="https://evil.example")


def test_no_request_fails_while_instances_are_replaced_one_after_the_other(deployment: Deployment) -> None:
    seen: Counter[object] = Counter()
    over = threading.Event()

    def request_repeatedly() -> None:
        with deployment.client() as client:
            while not over.wait(0.05):
                try:
                    seen[client.get(f"{deployment.url}/.well-known/jwks.json", timeout=20).status_code] += 1
                except requests.RequestException as error:
                    seen[repr(error)] += 1

    def wait_for_more_successes() -> None:
        before = seen[200]
        wait_until(lambda: seen[200] > before + 50)

    clients = [threading.Thread(target=request_repeatedly) for _ in range(4)]
    for thread in clients:
        thread.start()
    try:
        for name in ("one", "two"):
            wait_for_more_successes()
            assert deployment.running[name].terminate() == 0
            wait_for_more_successes()
            deployment.start(name)
            # The next instance may stop only after the proxy has noticed that this one is up again.
            wait_until(lambda: deployment.proxy.instances_up() == 2)
    finally:
        over.set()
        for thread in clients:
            thread.join()
    assert set(seen) == {200}
