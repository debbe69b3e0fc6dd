"""The HTTP side of a running service: its documents, its answers to a fixed round of requests, metrics and log."""

import json
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from typing import IO, Any

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.documented.contract.references import resolved
from tests.documented.contract.requests_of_each_kind import answers_of_each_kind
from tests.servers.ports import free_port

_OF_THE_MOMENT = {"@timestamp", "message", "process.pid", "http.request.id", "event.duration"}


def http_side(console: Callable[..., list[str]], environment: dict[str, str]) -> dict[str, Any]:
    """Return the sections that a running service shows."""
    port = free_port()
    command = console("http", "--port", str(port), "--workers", "1")
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(url, process)
            shown = {
                "http": resolved(_get(url, "/swagger.json").json()),
                "async_api": resolved(_get(url, "/asyncapi.json").json()),
                "answers": answers_of_each_kind(
                    url,
                    wait_for_projection=partial(_wait_for_projection, url),
                    make_admin=partial(_make_admin, console, environment),
                ),
                "metrics": _metrics(url),
            }
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        return {**shown, "log": _log(log)}


def _make_admin(console: Callable[..., list[str]], environment: dict[str, str], user_name: str) -> None:
    subprocess.run(console("users", "grant", user_name, "admin"), env=environment, check=True, capture_output=True)


def _get(url: str, path: str) -> requests.Response:
    answer = requests.get(url + path, timeout=30)
    answer.raise_for_status()
    return answer


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if requests.get(f"{url}/health", timeout=30).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise RuntimeError("the service did not start")


def _wait_for_projection(url: str) -> None:
    """Wait until the profile of a registered user is made; asking for it would be counted."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        for family in text_string_to_metric_families(_get(url, "/metrics").text):
            delivered = (sample.value for sample in family.samples if sample.labels.get("outcome") == "delivered")
            if "deliveries" in family.name and any(delivered):
                return
        time.sleep(0.2)
    raise RuntimeError("no event was delivered")


def _metrics(url: str) -> dict[str, Any]:
    """Return each metric with its type, its help, and the values that each label has taken."""
    time.sleep(1.5)  # gauges are refreshed every second
    found = {}
    for family in text_string_to_metric_families(_get(url, "/metrics").text):
        labels: dict[str, set[str]] = {}
        for sample in family.samples:
            for name, value in sample.labels.items():
                labels.setdefault(name, set()).add(value)
        samples = sorted({sample.name for sample in family.samples})
        found[family.name] = {
            "type": family.type,
            "help": family.documentation,
            "samples": samples,
            "label_values": {name: sorted(values) for name, values in labels.items()},
        }
    return found


def _log(log: IO[str]) -> dict[str, Any]:
    """Return the fields of the record of each kind of request, and the values that do not change from run to run."""
    log.seek(0)
    found: dict[str, Any] = {}
    for line in log:
        if not line.startswith("{") or "http.request.id" not in (record := json.loads(line)):
            continue
        kind = " ".join(
            str(record.get(name)) for name in ("http.request.method", "labels.route", "http.response.status_code")
        )
        found[kind] = {
            "fields": sorted(record),
            "values": {
                name: value for name, value in record.items() if name not in _OF_THE_MOMENT and "id" not in name
            },
        }
    return found
