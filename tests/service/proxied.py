"""Instances of the service behind the proxy."""

import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import requests

from tests.servers import forked
from tests.servers.haproxy import Haproxy
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand

ROOT = Path(__file__).parents[2]


# The settings of compose.prod.yaml, with a shorter drain delay.
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


class Deployment:
    """Two instances of `hexaccount http` and one of `hexaccount realtime` on one store, behind the proxy."""

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
        """Return a client that trusts the certificate of the proxy and reuses its connection."""
        session = requests.Session()
        session.verify, session.trust_env = str(self.certificate), False
        return session

    def get(self, path: str, **headers: str) -> requests.Response:
        """Request a path without normalizing it."""
        with self.client() as client:
            request = requests.Request("GET", self.url, headers=headers).prepare()
            request.url = self.url + path  # Requests would normalize the path
            return client.send(request, timeout=20, allow_redirects=False)
