"""Libraries of others verify the tokens of a running service, as the examples show it."""

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
import requests
import yaml

from hexaccount_verifier import InvalidToken, TokenVerifier, jwks_at
from tests.examples.installed_examples import EXAMPLES, install_from_npm
from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand, without_coverage
from tests.service.account import Account
from tests.signing_key import SIGNING_KEY

pytestmark = pytest.mark.long

FILES = EXAMPLES / "verifiers"
PROGRAMS = ["with_express.mjs", "with_jose.mjs", "with_authlib.py", "with_envoy.yaml"]
ALGORITHMS = ("EdDSA", "ES256", "RS256")


@dataclass(frozen=True)
class Issuer:
    """A running service, and access tokens of ada and of grace, who has a role, by the algorithm that signed them."""

    url: str
    ada_id: str
    tokens: Mapping[str, tuple[str, str]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the examples, with the packages from npm that they need."""
    return install_from_npm("verifiers", tmp_path_factory.mktemp("verifiers"))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Issuer]:
    """Yield a service that knows its URL, and signs with key pairs."""
    folder, port = tmp_path_factory.mktemp("service"), free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {
        "HEXACCOUNT_STORE": f"sqlite:///{folder}/accounts.db",
        "HEXACCOUNT_JWT__KEY": SIGNING_KEY,
        "HEXACCOUNT_JWT__CLAIMS": '["roles", "scope"]',
        "HEXACCOUNT_ROLES": '{"support": ["users.read"]}',
        "HEXACCOUNT_PASSWORD__COST": "4",
        "HEXACCOUNT_PUBLIC_URL": url,
    }

    def command(*arguments: str) -> None:
        assert forked.run(arguments, cwd=folder, env={**os.environ, **settings}).returncode == 0

    command("migrate")
    argv = ["http", "--port", str(port)]
    with forked.running(argv, output=folder / "output", env=settings, cwd=folder) as running:
        running.wait_for_ok(f"{url}/ready", timeout=60)
        ada, grace = Account(url, "ada"), Account(url, "grace")
        registered = [account.register() for account in (ada, grace)]
        command("users", "grant", "grace", "support")
        tokens = {}
        for algorithm in ALGORITHMS:
            command("keys", "add", "--algorithm", algorithm, "--signs-after", "0")
            tokens[algorithm] = (signed_by(algorithm, ada), signed_by(algorithm, grace))
        yield Issuer(url, registered[0].json()["data"]["id"], tokens)


def signed_by(algorithm: str, account: Account) -> str:
    """Return an access token of an account, once the service has read a new key."""
    deadline = time.monotonic() + 30
    while True:
        token = account.tokens()["access"]
        if jwt.get_unverified_header(token)["alg"] == algorithm:
            return token
        assert time.monotonic() < deadline
        time.sleep(0.2)


@contextmanager
def behind_envoy() -> Iterator[int]:
    """Serve what stands behind Envoy, which says who the user is, and yield its port."""

    class Orders(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"user": self.headers["x-user-id"]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Orders) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join(20)


@contextmanager
def verifying(program: str, folder: Path, issuer: str, tmp_path: Path) -> Iterator[Callable[..., requests.Response]]:
    """Run an example, and yield a function that sends it a request with a token."""
    port, output = free_port(), tmp_path / "output"
    with ExitStack() as stack:
        argv: list[str | Path]
        if program == "with_envoy.yaml":
            config = tmp_path / program
            config.write_text(adapted(issuer, port, stack.enter_context(behind_envoy())))
            argv = ["envoy", "--concurrency", "1", "--disable-hot-restart", "--config-path", config]
        else:
            argv = [sys.executable if program.endswith(".py") else "node", folder / program]
        env = {**without_coverage(), "ISSUER": issuer, "PORT": str(port)}
        running = stack.enter_context(RunningCommand(argv, output=output, env=env, cwd=folder))

        def send(path: str, token: str | None = None) -> requests.Response:
            headers = {"X-User-ID": "forged"} if token is None else {"Authorization": f"Bearer {token}"}
            return requests.get(f"http://127.0.0.1:{port}{path}", headers=headers, timeout=20)

        deadline = time.monotonic() + 60
        while not listens(port):
            assert running.process.poll() is None, running.output
            assert time.monotonic() < deadline, running.output
            time.sleep(0.05)
        yield send


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def adapted(issuer: str, port: int, port_behind: int) -> str:
    """Return Envoy's configuration with the addresses of this test, and without TLS."""
    text = (FILES / "with_envoy.yaml").read_text().replace("https://accounts.example.org", issuer)
    config = yaml.safe_load(text)["static_resources"]
    orders, accounts = config["clusters"]
    assert accounts.pop("transport_socket")["name"] == "envoy.transport_sockets.tls"
    listener = config["listeners"][0]
    for part, number in ((listener, port), (orders, port_behind), (accounts, int(issuer.rpartition(":")[2]))):
        endpoint = part if part is listener else part["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
        endpoint["address"] = {"socket_address": {"address": "127.0.0.1", "port_value": number}}
    return json.dumps({"static_resources": config})


def changed(token: str) -> str:
    """Return a token of the right form with another signature."""
    signed, _, signature = token.rpartition(".")
    return f"{signed}.{signature[::-1]}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_library_verifies_tokens_by_the_published_keys_and_reads_their_claims(
    issuer: Issuer, folder: Path, program: str, tmp_path: Path
) -> None:
    with verifying(program, folder, issuer.url, tmp_path) as send:
        for algorithm, (ada, grace) in issuer.tokens.items():
            if (algorithm, program) == ("EdDSA", "with_authlib.py"):
                continue  # which Authlib refuses by default
            answer = send("/orders", ada)
            assert (answer.status_code, answer.json()) == (200, {"user": issuer.ada_id}), answer.text
            assert [send("/support", token).status_code for token in (ada, grace)] == [403, 200]
            for refused in (None, "x", changed(ada)):
                answer = send("/orders", refused)
                assert answer.status_code == 401, answer.text
                assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


def test_our_verifier_does_so_too(issuer: Issuer) -> None:
    tokens = TokenVerifier(jwks_at(f"{issuer.url}/.well-known/jwks.json"), issuer=issuer.url, audience="hexaccount")
    for ada, grace in issuer.tokens.values():
        assert str(tokens.verify(ada).user_id) == issuer.ada_id
        assert tokens.verify(grace).roles == {"user", "support"}
        with pytest.raises(InvalidToken):
            tokens.verify(changed(ada))


def test_envoy_accepts_its_configuration_as_it_is(folder: Path) -> None:
    argv = ["envoy", "--mode", "validate", "--config-path", folder / "with_envoy.yaml"]
    checked = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "Deprecated" not in checked.stderr
