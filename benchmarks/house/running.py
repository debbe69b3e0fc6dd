"""Metrics of a running checkout: the modules that a request crosses, and the seconds of `--help`."""

import configparser
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.operations import get
from benchmarks.services import KEY, PASSWORD, Running, log_in, register, running
from tests.servers.ports import free_port

_REPEATS = 7
_LATE = 0.05
"""Seconds after a request in which background work counts for it."""


def modules_crossed(folder: Path) -> dict[str, list[str]]:
    """Return the modules of the product whose code runs in every one of several logins, and several `GET /me`."""
    with _traced(folder) as (service, trace):
        register(service, 1)
        token = log_in(service)
        headers = {"Authorization": f"Bearer {token}"}
        body = {"user_name": "bench0", "password": PASSWORD}
        return {
            "POST /login": _crossed(
                trace, lambda: requests.post(f"{service.url}/api/v1/public/login", json=body, timeout=60)
            ),
            "GET /me": _crossed(trace, lambda: requests.get(f"{service.url}/api/v1/me", headers=headers, timeout=60)),
        }


def help_seconds(folder: Path, times: int = 11) -> dict[str, float]:
    """Return the medians of the seconds, and of the processor's seconds, that `hexaccount --help` takes."""
    taken, used = [], []
    for _ in range(times):
        began, before = time.perf_counter(), _children_seconds()
        subprocess.run(_command(folder, "--help"), env=_environment(folder), check=True, stdout=subprocess.DEVNULL)
        taken.append(time.perf_counter() - began)
        used.append(_children_seconds() - before)
    return {"seconds": statistics.median(taken), "processor_seconds": statistics.median(used)}


@contextmanager
def _traced(folder: Path) -> Iterator[tuple[Running, Path]]:
    tracing = Path(__file__).parent / "tracing"
    with tempfile.NamedTemporaryFile() as trace:
        env = _environment(folder, tracing)
        env |= {"HOUSE_TRACE": trace.name, "HEXACCOUNT_STORE": "memory://", "HEXACCOUNT_PASSWORD__COST": "4"}
        # A commit wakes the relays, sometimes before the request is over.
        env |= {"HEXACCOUNT_JWT__KEY": KEY, "HEXACCOUNT_LOG__LEVEL": "error", "HEXACCOUNT_RELAY__ENABLED": "false"}
        port = free_port()
        with running(
            _command(folder, "http", "--port", str(port), "--workers", "1"), port, get("/health"), env
        ) as service:
            yield service, Path(trace.name)


def _crossed(trace: Path, send: Callable[[], requests.Response]) -> list[str]:
    found: set[str] | None = None
    for number in range(_REPEATS):
        time.sleep(0.3 + number / 30)  # periodic threads overlap with some of the requests, never with all
        before = trace.stat().st_size
        send().raise_for_status()
        time.sleep(_LATE)
        with trace.open() as lines:
            lines.seek(before)
            crossed = set(lines.read().split())
        found = crossed if found is None else found & crossed
    return sorted(found or ())


def _environment(folder: Path, *ahead: Path) -> dict[str, str]:
    rest = {name: value for name, value in os.environ.items() if not name.startswith("HEXACCOUNT_")}
    return {**rest, "PYTHONPATH": os.pathsep.join(str(path) for path in [*ahead, folder, folder / "adapters"])}


def _command(folder: Path, *arguments: str) -> list[str]:
    """Return what runs the console script that `setup.cfg` of the checkout names."""
    setup = configparser.ConfigParser()
    setup.read(folder / "setup.cfg")
    _, _, target = setup["options.entry_points"]["console_scripts"].partition("=")
    module, _, function = target.strip().partition(":")
    return [
        sys.executable,
        "-c",
        f"import sys; sys.argv[0] = 'hexaccount'; from {module} import {function} as main; main()",
        *arguments,
    ]


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
