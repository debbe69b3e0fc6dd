import csv
import os
import shutil
import signal
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from tests.servers.own_server import OwnServer
from tests.servers.ports import free_port
from tests.servers.processes import answers_ok

CONFIG = Path(__file__).parents[2] / "config/haproxy/haproxy.cfg"


class HaproxyMissing(Exception):
    """HAProxy is not installed."""

    def __init__(self) -> None:
        super().__init__("no HAProxy found: apt-get install haproxy")


class Haproxy(OwnServer):
    """HAProxy with the configuration of this project, on free ports."""

    title = "HAProxy"
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, directory: Path, *, backends: Mapping[str, str], certificate: Path) -> None:
        """Take the address of each backend by its variable, and a certificate with its key."""
        super().__init__(directory)
        self.status_port = free_port()
        self.environment = {  # type: ignore[misc]  # a class attribute elsewhere, here it depends on the backends
            "PATH": os.defpath,
            "HEXACCOUNT_CERTIFICATE": str(certificate),
            **backends,
        }

    @property
    def url(self) -> str:
        """The URL for clients; the certificate of config/secrets.sh is for this name."""
        return f"https://localhost:{self.port}"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        binary = shutil.which("haproxy", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")
        if binary is None:
            raise HaproxyMissing
        text = CONFIG.read_text(encoding="utf-8")
        for old, new in ((" :8443 ", f" 127.0.0.1:{self.port} "), ("127.0.0.1:8404", f"127.0.0.1:{self.status_port}")):
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        config = self.home / "haproxy.cfg"
        config.write_text(text, encoding="utf-8")
        return [binary, "-db", "-f", config]

    def answers(self) -> bool:
        """Return whether the health check of its container passes."""
        return answers_ok(f"http://127.0.0.1:{self.status_port}/")

    def instances_up(self) -> int:
        """Return the number of instances to which it sends requests."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.status_port}/stats;csv", timeout=5) as answer:
            rows = csv.DictReader(answer.read().decode().splitlines())
        return sum(row["# pxname"] == "http" and row["status"].startswith("UP") and row["type"] == "2" for row in rows)
