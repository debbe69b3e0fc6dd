import importlib.util
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.servers.mongo import MongoServer, quick_directory

ENVIRONMENT_URL = "HEXACCOUNT_TEST_SECANTUS_URL"


class SecantusMissing(Exception):
    """There is no SecantusDB that the tests could start."""

    def __init__(self) -> None:
        super().__init__(
            "no SecantusDB found: pip install 'hexaccount[test]' brings it for CPython 3.11 to 3.13 (SecantusDB); "
            f"or set {ENVIRONMENT_URL} to one that runs"
        )


class SecantusServer(MongoServer):
    """A SecantusDB of our own, a second engine that speaks MongoDB's protocol."""

    title = "SecantusDB"

    def __init__(self, directory: Path) -> None:
        super().__init__(directory, replica_set=False)

    def command(self) -> Sequence[str | Path]:
        if importlib.util.find_spec("secantus") is None:
            raise SecantusMissing
        return [
            sys.executable, "-m", "secantus", "--host", "127.0.0.1", "--port", str(self.port),
            "--storage-path", self.home / "data",
        ]  # fmt: skip


@contextmanager
def running_secantus(directory: Path) -> Iterator[str]:
    """Give the URL of the server that HEXACCOUNT_TEST_SECANTUS_URL names, else of one that lives for the block."""
    if url := os.environ.get(ENVIRONMENT_URL):
        yield url
    else:
        with SecantusServer(quick_directory(directory)) as server:
            yield server.url
