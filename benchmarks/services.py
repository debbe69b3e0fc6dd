"""The measured services: ours, and minimal ones that show the limits of the machine."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from benchmarks.operations import Api, Operation, connect, get, post
from hexaccount_security import choose_engine
from tests.servers.ports import free_port

KEY = "benchmark-key-of-more-than-32-bytes-length"
PASSWORD = "correct horse battery"
PASSWORD_QUEUE = 16
"""The default length of a worker's hashing queue."""
HEXACCOUNT = Api(
    register=post(
        "/api/v1/public/register",
        status=201,
        user_name="{name}",
        email="{name}@example.org",
        first_name="B",
        last_name="M",
        password=PASSWORD,
    ),
    log_in=post("/api/v1/public/login", user_name="{name}", password=PASSWORD),
    me=get("/api/v1/me"),
    access=("data", "access"),
    refresh=post("/api/v1/public/refresh", refresh="{token}"),
    refresh_token=("data", "refresh"),
    next_refresh_token=("data", "refresh"),
    users=get("/api/v1/users?limit=100"),
)
"""Our operations."""


def environment(database: str, cost: int, **settings: str) -> dict[str, str]:
    """Return the settings of our service; `settings` are further ones, named without their prefix."""
    return {
        **inherited_environment(),
        "HEXACCOUNT_STORE": database,
        "HEXACCOUNT_JWT__KEY": KEY,
        "HEXACCOUNT_PASSWORD__COST": str(cost),
        # One worker may get most of 32 clients, which exceeds the default queue of 16; refusals are not measured.
        "HEXACCOUNT_PASSWORD__QUEUE": "64" if cost < 8 else str(PASSWORD_QUEUE),
        # All clients share one address, and some of them one account, so the limits are too high to be reached.
        "HEXACCOUNT_LIMITS__FACTOR": "10000",
        "HEXACCOUNT_LOG__LEVEL": "error",
        **{f"HEXACCOUNT_{name}": value for name, value in settings.items()},
    }


def inherited_environment() -> dict[str, str]:
    """Return the variables of this process, without our settings; Python keeps what it compiles at the first start."""
    dropped = ("HEXACCOUNT_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def console(*arguments: str) -> list[str]:
    """Return the command line of our console script."""
    return [str(Path(sys.executable).with_name("hexaccount")), *arguments]


@contextmanager
def running(
    command: list[str],
    port: int,
    ready: Operation,
    env: dict[str, str] | None = None,
    log: IO[bytes] | None = None,
    *,
    folder: Path | None = None,
    token: str = "",
) -> Iterator["Running"]:
    """Run a server until the block ends; it has answered `ready` with its status when the block begins.

    It logs to the standard error of this process, or to the file `log`, and works in `folder`.
    """
    began = time.perf_counter()
    process = subprocess.Popen(command, env=env, cwd=folder, stdout=subprocess.DEVNULL, stderr=log)
    try:
        answered = _first_response(process, port, ready, token)
        yield Running(f"http://127.0.0.1:{port}", process.pid, answered - began)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


class Running:
    """A running server: its URL, its process id, and the seconds until it was ready."""

    def __init__(self, url: str, pid: int, start: float) -> None:
        self.url = url
        self.pid = pid
        self.start = start


@contextmanager
def ours(
    database: str, *, cost: int, workers: int = 2, log: IO[bytes] | None = None, **settings: str
) -> Iterator[Running]:
    """Run our service; raises EngineUnavailable without the engine that is measured."""
    choose_engine("interleaved")
    port = free_port()
    command = console("http", "--port", str(port), "--workers", str(workers))
    with running(command, port, get("/health"), environment(database, cost, **settings), log) as service:
        yield service


@contextmanager
def bare(database: str, *, workers: int = 2) -> Iterator[Running]:
    """Run the minimal Flask application under granian, started as in granian's documentation, one thread a worker."""
    port = free_port()
    command = [
        sys.executable,
        "-m",
        "granian",
        "--interface",
        "wsgi",
        "--workers",
        str(workers),
        "--blocking-threads",
        "1",
    ]
    command += ["--workers-kill-timeout", "5", "--log-level", "error", "--port", str(port), "benchmarks.bare:app"]
    with running(command, port, get("/json"), {**os.environ, "BENCHMARK_DATABASE": database}) as service:
        yield service


@contextmanager
def relaying(database: str, **settings: str) -> Iterator[int]:
    """Run `hexaccount relay`, and yield its process id once it delivers."""
    env = environment(database, 4, **settings)
    with subprocess.Popen(console("relay"), env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline().startswith("delivering"), "the relay did not start"
        try:
            yield process.pid
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)


def register(service: Running, count: int) -> None:
    """Register the accounts that the loads use, bench0 and so on, unless they are."""
    connection = connect(service.url)
    for number in range(count):
        response, content = HEXACCOUNT.register.send(connection, name=f"bench{number}")
        assert response.status in {201, 409}, content


def log_in(service: Running) -> str:
    """Return an access token of bench0."""
    return HEXACCOUNT.access_token(service.url, "bench0")


def _first_response(process: subprocess.Popen[bytes], port: int, request: Operation, token: str) -> float:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        connection = connect(f"http://127.0.0.1:{port}")
        try:
            if request.send(connection, token=token)[0].status == request.status:
                return time.perf_counter()
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise RuntimeError("the server did not start")
