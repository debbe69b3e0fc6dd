import contextlib
import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
from psycopg import sql

from tests.servers.ports import free_port
from tests.servers.postgres_binaries import PostgresMissing, find_binaries, usable_binaries
from tests.servers.processes import ServerNotReady, ServerNotStopped, spawn, tail
from tests.servers.unprivileged import reachable_directory, server_identity
from tests.servers.watchdog import freeze_tree, guard_directory, kill_tree, process_tree, send

ENVIRONMENT_URL = "HEXACCOUNT_TEST_POSTGRES_URL"
_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 15.0
_DATABASE_PREFIX = "hexaccount_test_"
_LOCALE = {"LC_ALL": "C", "PATH": os.defpath}


class PostgresServer:
    """A PostgreSQL of our own, which may be stopped, killed, paused and started again on the same port and data."""

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool = False,
        settings: Mapping[str, str] | None = None,
        binaries: Path | None = None,
    ) -> None:
        """Keep the data under `directory`, or a temporary one where `nobody`, as whom root starts it, cannot go.

        `durable` has every commit reach the disk; `settings` are further options of the server.
        """
        self.port = free_port()
        self.url = f"postgresql://postgres@127.0.0.1:{self.port}/postgres"
        self._directory = directory
        self._binaries = binaries
        self._options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",  # a path of a socket is short, one of a test's directory may not be
            "dynamic_shared_memory_type": "mmap",  # in the data directory, so that a kill leaves nothing in /dev/shm
            **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
            **(settings or {}),
        }
        self._identity = server_identity()
        self._home: Path | None = None
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
    def binaries(self) -> Path:
        """The folder of the programs that it runs."""
        if self._binaries is None:
            return find_binaries(self._identity)
        usable = usable_binaries(self._binaries, self._identity)
        if usable is None:
            raise PostgresMissing([self._binaries])
        return usable

    @property
    def home(self) -> Path:
        """The folder of its data and its log, there from the first start until it is closed."""
        if self._home is None:
            raise RuntimeError("this server was not started yet")
        return self._home

    @property
    def running(self) -> bool:
        """Whether it was started, and not stopped or killed since."""
        return self._process is not None

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
        """Start it, on the data it has, and return when it answers."""
        if self._process is not None:
            raise RuntimeError("this server runs already")
        if self._home is None:
            try:
                self._make_cluster()
            except BaseException:
                self.close()
                raise
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        self._process = self._spawn("postgres", "-D", self.home / "data", *options)
        try:
            self._wait_until_ready()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Have it end its connections and shut down, if it runs."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerNotStopped(f"PostgreSQL went on for {_STOP_TIMEOUT} s after SIGINT", self.log) from None
        self._process = None

    def kill(self) -> None:
        """Kill all its processes at once, as a power cut would, save that the disk keeps what it was given."""
        kill_tree(self.pid)
        if self._process:
            self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port and data."""
        self.stop()
        self.start()

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

    def _make_cluster(self) -> None:
        under = reachable_directory(self._identity, [self._directory]).resolve()
        self._home = Path(tempfile.mkdtemp(prefix="postgres-", dir=under))
        guard_directory(self._home)
        if self._identity:
            os.chown(self._home, self._identity.uid, self._identity.gid)
        initdb = self._spawn(
            "initdb", "-D", self._home / "data", "-U", "postgres", "-A", "trust",
            "--locale=C.UTF-8", "-E", "UTF8", "--no-sync",
        )  # fmt: skip
        try:
            initdb.wait(_START_TIMEOUT)
        except subprocess.TimeoutExpired:
            kill_tree(initdb.pid)
            initdb.wait()
        if initdb.returncode != 0:
            raise ServerNotReady(f"initdb ended with {initdb.returncode}", self.log)

    def _spawn(self, program: str, *arguments: str | Path) -> subprocess.Popen[bytes]:
        return spawn(
            [self.binaries / program, *arguments],
            output=self.home / "log",
            env=_LOCALE,
            cwd=Path("/"),
            identity=self._identity,
            stop_signal=signal.SIGINT,
        )

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_TIMEOUT
        pause = 0.01
        while not self._answers():
            if self._process and (code := self._process.poll()) is not None:
                raise ServerNotReady(f"PostgreSQL ended with {code} at its start", self.log)
            if time.monotonic() > deadline:
                raise ServerNotReady(f"PostgreSQL did not answer within {_START_TIMEOUT} s", self.log)
            time.sleep(pause)
            pause = min(2 * pause, 0.1)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        except psycopg.OperationalError:
            return False
        return Path(data) == self.home / "data"  # and not somebody else's, who took the port


@contextlib.contextmanager
def running_postgres(directory: Path) -> Iterator[str]:
    """Give the URL of the server that HEXACCOUNT_TEST_POSTGRES_URL names, else of one that lives for the block."""
    if url := os.environ.get(ENVIRONMENT_URL):
        try:
            _connect(url).close()
        except psycopg.OperationalError as error:
            raise ServerNotReady(f"the server that {ENVIRONMENT_URL} names does not answer", str(error)) from error
        yield url
    else:
        with PostgresServer(directory) as server:
            yield server.url


def create_database(url: str, *, template: str | None = None) -> str:
    """Make a database on the server of a URL, a copy of the one that `template` is the URL of, and return its URL.

    Nobody may be connected to the template meanwhile.
    """
    name = f"{_DATABASE_PREFIX}{uuid.uuid4().hex}"
    with _connect(url) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(_database(template) if template else "template1")
            )
        )
    return _at_database(url, name)


def drop_database(url: str) -> None:
    """Drop a database that `create_database` made, and end the connections to it."""
    name = _database(url)
    if not name.startswith(_DATABASE_PREFIX):
        raise ValueError(f"{name!r} was not made by create_database, and stays")
    with _connect(_at_database(url, "postgres")) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def temporary_database(url: str, *, template: str | None = None) -> Iterator[str]:
    """Give the URL of a database that lives for the block."""
    database = create_database(url, template=template)
    try:
        yield database
    finally:
        drop_database(database)


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection that commits each statement; SQLAlchemy's way of naming the driver is understood."""
    return psycopg.connect(re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url), autocommit=True, connect_timeout=10)


def _database(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url))["dbname"])


def _at_database(url: str, name: str) -> str:
    return re.sub(r"^([^:]+://[^/?]*)(/[^?]*)?", rf"\g<1>/{name}", url)
