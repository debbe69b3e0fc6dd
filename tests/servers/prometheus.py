"""Prometheus and its Alertmanager, as Debian packages them."""

import json
import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from tests.servers.own_server import OwnServer
from tests.servers.processes import answers_ok

_PACKAGES = {"prometheus": "prometheus", "promtool": "prometheus"}
_OTHERS = "prometheus-alertmanager"


class MonitoringMissing(Exception):
    """A program of Prometheus or its Alertmanager is not installed."""

    def __init__(self, program: str) -> None:
        package = _PACKAGES.get(program, _OTHERS)
        super().__init__(f"no {program} found: apt-get install {package}")


def program(name: str) -> Path:
    """Return the path of a program; raises MonitoringMissing."""
    found = shutil.which(name)
    if found is None:
        raise MonitoringMissing(name)
    return Path(found)


class _Configured(OwnServer):
    """A server with configuration files, in which its default address is replaced by its own."""

    usual_address: ClassVar[str]

    def __init__(self, directory: Path, files: Mapping[str, str]) -> None:
        """Take the folder for data and log, and the text of each file by its name."""
        super().__init__(directory)
        self._files = files

    @property
    def url(self) -> str:
        """The URL for clients."""
        return f"http://127.0.0.1:{self.port}"

    def make_home(self) -> None:
        """Make the folder of its data, and write its files."""
        super().make_home()
        for name, text in self._files.items():
            (self.home / name).parent.mkdir(exist_ok=True)
            (self.home / name).write_text(text.replace(self.usual_address, f"127.0.0.1:{self.port}"))

    def answers(self) -> bool:
        """Return whether it is ready."""
        return answers_ok(f"{self.url}/-/ready")

    def get(self, path: str) -> Any:
        """Return the response of its API; fails with the text of an error."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=20) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode(errors='replace')}") from error


class PrometheusServer(_Configured):
    """A Prometheus that reads `prometheus.yml`."""

    title = "Prometheus"
    usual_address = "localhost:9090"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        return [
            program("prometheus"),
            f"--config.file={self.home / 'prometheus.yml'}",
            f"--storage.tsdb.path={self.data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--log.level=warn",
            # By default it resends an alert only after a minute, also one sent before it had discovered Alertmanager.
            "--rules.alert.resend-delay=1s",
        ]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Return the current series of an expression."""
        quoted = urllib.parse.quote(expression, safe="")
        found: list[dict[str, Any]] = self.get(f"/api/v1/query?query={quoted}")["data"]["result"]
        return found


class AlertmanagerServer(_Configured):
    """An Alertmanager that reads `alertmanager.yml`."""

    title = "Alertmanager"
    usual_address = "localhost:9093"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        return [
            program("prometheus-alertmanager"),
            f"--config.file={self.home / 'alertmanager.yml'}",
            f"--storage.path={self.data}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
