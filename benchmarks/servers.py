"""The servers for the benchmarks, and databases on them."""

import os
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.services import console, environment
from tests.servers.mongo import running_mongo, temporary_mongo_database
from tests.servers.postgres import running_postgres, temporary_database
from tests.servers.redis import running_redis

_RUNNING = {"postgresql": running_postgres, "mongodb": running_mongo, "redis": running_redis}
_TEMPORARY = {"postgresql": temporary_database, "mongodb": temporary_mongo_database}


class Servers:
    """Servers by the scheme of their URL, each started when it is first requested, their files in memory."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self._running = ExitStack()

    def url(self, scheme: str) -> str:
        """Return the URL of the server of `postgresql`, `mongodb` or `redis`."""
        if scheme not in self._urls:
            folder = self._running.enter_context(tempfile.TemporaryDirectory(dir=memory_folder()))
            self._urls[scheme] = self._running.enter_context(_RUNNING[scheme](Path(folder)))
        return self._urls[scheme]

    def empty_database(self, scheme: str) -> str:
        """Return the URL of a new database without a schema, which is dropped at the end."""
        return self._running.enter_context(_TEMPORARY[scheme](self.url(scheme)))

    def fresh_database(self, scheme: str) -> str:
        """Return the URL of a new database with our schema, which is dropped at the end.

        Each cost needs its own database: a login upgrades a hash of another cost.
        """
        fresh = self.empty_database(scheme)
        subprocess.run(console("migrate"), env=environment(fresh, 4), check=True, stdout=subprocess.DEVNULL)
        return fresh

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()


def memory_folder() -> str | None:
    """Return a folder in memory if there is one, so that disk writes do not disturb the measurements."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
