"""A service of several processes, monitored by a Prometheus and an Alertmanager with the files of config/."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.adapters.webhooks.receivers import Receiver, receiving
from tests.monitoring.files import ALERTMANAGER, PROMETHEUS, RULES, parsed
from tests.servers import forked
from tests.servers.ports import free_port
from tests.servers.processes import RunningCommand
from tests.servers.prometheus import AlertmanagerServer, PrometheusServer
from tests.servers.redis import RedisServer
from tests.service.account import Account

PATIENCE = 60
TOKEN = "shared-with-the-receiver"


@dataclass
class Live:
    """The running servers, the number of account reads, and the number of registrations."""

    url: str
    http: RunningCommand
    redis: RedisServer
    prometheus: PrometheusServer
    alertmanager: AlertmanagerServer
    receiver: Receiver
    account: Account
    headers: dict[str, str]
    account_reads: int = 0
    registered: int = 1

    def use(self) -> None:
        """Register, log in with a right and a wrong password, refresh, and read the account."""
        self.registered += 1
        assert Account(self.url, f"ada{self.registered}").register().status_code == 201
        token = {"refresh": self.account.tokens()["refresh"]}
        assert requests.post(f"{self.url}/api/v1/public/refresh", json=token, timeout=20).status_code == 200
        wrong = {"user_name": self.account.name, "password": "not the right one"}
        requests.post(f"{self.url}/api/v1/public/login", json=wrong, timeout=20)
        for _ in range(4):
            # A new connection, so that the kernel assigns it to either worker.
            answer = self.account.get("/api/v1/me", {**self.headers, "Connection": "close"})
            assert answer.status_code == 200
            self.account_reads += 1

    def value(self, expression: str) -> float | None:
        """Return the value of an expression with at most one series; None if it has none."""
        series = self.prometheus.query(expression)
        assert len(series) < 2, series
        return float(series[0]["value"][1]) if series else None

    def firing(self) -> set[str]:
        """Return the names of the firing alerts."""
        return {series["metric"]["alertname"] for series in self.prometheus.query('ALERTS{alertstate="firing"}')}

    def deliveries(self, path: str) -> int:
        """Return the number of notifications that a receiver has got."""
        return sum(request.path == path for request in self.receiver.requests)

    def delivered(self, path: str) -> set[str]:
        """Return the alerts that a receiver has got with the token."""
        return {
            alert["labels"]["alertname"]
            for request in self.receiver.requests
            if request.path == path and request.headers.get("Authorization") == f"Bearer {TOKEN}"
            for alert in json.loads(request.body)["alerts"]
        }


def eventually(condition: Callable[[], Any], report: Callable[[], object] = lambda: "") -> Any:
    """Return the result of `condition` once it is true; fails with `report` after a minute."""
    deadline = time.monotonic() + PATIENCE
    while not (result := condition()):
        assert time.monotonic() < deadline, report()
        time.sleep(0.2)
    return result


@contextmanager
def monitored_service(folder: Path) -> Iterator[Live]:
    """Run `http` with two workers, `realtime`, `relay` and their monitoring."""
    with ExitStack() as running:
        redis = running.enter_context(RedisServer(folder))
        env = {
            "HEXACCOUNT_STORE": f"sqlite:///{folder}/accounts.db",
            "HEXACCOUNT_JWT__KEY": "a key that is long enough to sign with",
            "HEXACCOUNT_CACHE": redis.url,
            "HEXACCOUNT_PASSWORD__COST": "4",
            "HEXACCOUNT_LIMITS__FACTOR": "1000",
            "HEXACCOUNT_RELAY__ENABLED": "false",
        }
        assert forked.run(["migrate"], env={**os.environ, **env}, cwd=folder).returncode == 0
        ports = {job: free_port() for job in ("hexaccount", "hexaccount-realtime", "hexaccount-relay")}
        arguments = {
            "hexaccount": ["http", "--workers", "2", "--port", str(ports["hexaccount"])],
            "hexaccount-realtime": ["realtime", "--port", str(ports["hexaccount-realtime"])],
            "hexaccount-relay": ["relay", "--metrics-port", str(ports["hexaccount-relay"])],
        }
        commands = {
            job: running.enter_context(forked.running(words, output=folder / job, env=env, cwd=folder))
            for job, words in arguments.items()
        }
        receiver = running.enter_context(receiving())
        (folder / "token").write_text(TOKEN)
        alertmanager = AlertmanagerServer(folder, {"alertmanager.yml": _alertmanager_file(receiver, folder / "token")})
        running.enter_context(alertmanager)
        prometheus = PrometheusServer(folder, _prometheus_files(ports, alertmanager.port))
        running.enter_context(prometheus)
        for job, command in commands.items():
            command.wait_for_ok(f"http://127.0.0.1:{ports[job]}/metrics", timeout=PATIENCE)
        url = f"http://127.0.0.1:{ports['hexaccount']}"
        account = Account(url, "ada")
        assert account.register().status_code == 201
        yield Live(url, commands["hexaccount"], redis, prometheus, alertmanager, receiver, account, account.log_in())


def _prometheus_files(ports: dict[str, int], alertmanager: int) -> dict[str, str]:
    """Return Prometheus's files with the local addresses, short intervals and no `for` of an alert."""
    settings = parsed(PROMETHEUS)
    settings["global"] = {"scrape_interval": "2s", "evaluation_interval": "1s"}
    (sender,) = settings["alerting"]["alertmanagers"]
    sender["static_configs"] = [{"targets": [f"127.0.0.1:{alertmanager}"]}]
    ports = {**ports, "alertmanager": alertmanager}
    jobs = {job["job_name"]: job for job in settings["scrape_configs"]}
    assert jobs.keys() - {"prometheus"} == set(ports)
    for name, port in ports.items():
        jobs[name]["static_configs"] = [{"targets": [f"127.0.0.1:{port}"]}]
    rules = {f"rules/{file.name}": re.sub(r"\bfor: \w+", "for: 0s", file.read_text()) for file in RULES}
    return {"prometheus.yml": yaml.safe_dump(settings), **rules}


def _alertmanager_file(receiver: Receiver, token: Path) -> str:
    """Return Alertmanager's file with the local receiver and short intervals."""
    settings = parsed(ALERTMANAGER)
    for route in (settings["route"], *settings["route"]["routes"]):
        route |= {"group_wait": "1s", "group_interval": "1s"}
        if route["receiver"] == "heartbeat":
            route["repeat_interval"] = "1s"
    for each in settings["receivers"]:
        (hook,) = each["webhook_configs"]
        hook["url"] = f"http://127.0.0.1:{receiver.port}/{each['name']}"
        hook["http_config"] = {"authorization": {"credentials_file": str(token)}}
    return yaml.safe_dump(settings)
