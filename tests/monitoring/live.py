"""A service of several processes, and a Prometheus and an Alertmanager that watch it, on our own files."""

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
from tests.service.conftest import Account

PATIENCE = 60
TOKEN = "known-to-the-receiver"


@dataclass
class Live:
    """What runs, how often somebody has asked for their account, and how many have registered."""

    url: str
    http: RunningCommand
    redis: RedisServer
    prometheus: PrometheusServer
    alertmanager: AlertmanagerServer
    receiver: Receiver
    account: Account
    headers: dict[str, str]
    asked: int = 0
    registered: int = 1

    def use(self) -> None:
        """Do a little of everything."""
        self.registered += 1
        assert Account(self.url, f"ada{self.registered}").register().status_code == 201
        self.account.log_in()
        wrong = {"user_name": self.account.name, "password": "not the right one"}
        requests.post(f"{self.url}/api/v1/public/login", json=wrong, timeout=20)
        for _ in range(4):
            # On a connection of its own, so that it comes to whichever worker.
            answer = self.account.get("/api/v1/me", {**self.headers, "Connection": "close"})
            assert answer.status_code == 200
            self.asked += 1

    def figure(self, expression: str) -> float | None:
        """Return the one figure that an expression gives, if it gives one."""
        found = self.prometheus.query(expression)
        assert len(found) < 2, found
        return float(found[0]["value"][1]) if found else None

    def firing(self) -> set[str]:
        """Return which alerts are raised."""
        return {series["metric"]["alertname"] for series in self.prometheus.query('ALERTS{alertstate="firing"}')}

    def deliveries(self, path: str) -> int:
        """Return how often a receiver has been told of alerts."""
        return sum(request.path == path for request in self.receiver.requests)

    def delivered(self, path: str) -> set[str]:
        """Return which alerts have come to a receiver that was shown the token."""
        return {
            alert["labels"]["alertname"]
            for request in self.receiver.requests
            if request.path == path and request.headers.get("Authorization") == f"Bearer {TOKEN}"
            for alert in json.loads(request.body)["alerts"]
        }


def eventually(holds: Callable[[], Any], told: Callable[[], object] = lambda: "") -> Any:
    """Return what `holds` gives once it is true."""
    deadline = time.monotonic() + PATIENCE
    while not (found := holds()):
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)
    return found


@contextmanager
def watched_service(folder: Path) -> Iterator[Live]:
    """Give two workers that serve, a relay and a holder of sockets, and who watches them, as far as our files say."""
    with ExitStack() as running:
        redis = running.enter_context(RedisServer(folder))
        env = {
            "HEXACCOUNT_STORE": f"sqlite:///{folder}/accounts.db",
            "HEXACCOUNT_JWT__KEY": "the key of what is watched, which is long enough",
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
        alertmanager = AlertmanagerServer(folder, {"alertmanager.yml": _told_to(receiver, folder / "token")})
        running.enter_context(alertmanager)
        prometheus = PrometheusServer(folder, _files(ports, alertmanager.port))
        running.enter_context(prometheus)
        for job, command in commands.items():
            command.wait_for_ok(f"http://127.0.0.1:{ports[job]}/metrics", timeout=PATIENCE)
        url = f"http://127.0.0.1:{ports['hexaccount']}"
        account = Account(url, "ada")
        assert account.register().status_code == 201
        yield Live(url, commands["hexaccount"], redis, prometheus, alertmanager, receiver, account, account.log_in())


def _files(ports: dict[str, int], alertmanager: int) -> dict[str, str]:
    """Return Prometheus's files, with our addresses in them and without the patience of those who are at work."""
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


def _told_to(receiver: Receiver, token: Path) -> str:
    """Return Alertmanager's file, which sends to our receiver."""
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
