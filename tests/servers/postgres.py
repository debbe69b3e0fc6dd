import contextlib
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import psycopg
from psycopg import sql

from tests.servers.own_server import START_TIMEOUT, OwnServer
from tests.servers.postgres_binaries import PostgresMissing, find_binaries, usable_binaries
from tests.servers.processes import ServerNotReady
from tests.servers.unprivileged import reachable_directory, server_identity
from tests.servers.watchdog import kill_tree

ENVIRONMENT_URL = "HEXACCOUNT_TEST_POSTGRES_URL"
_DATABASE_PREFIX = "hexaccount_test_"
_LOCALE = {"LC_ALL": "C", "PATH": os.defpath}


class PostgresServer(OwnServer):
    """A PostgreSQL of our own."""

    title = "PostgreSQL"
    stop_signal = signal.SIGINT
    environment = _LOCALE
    working_directory = Path("/")

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
        identity = server_identity()
        super().__init__(reachable_directory(identity, [directory]).resolve(), identity=identity)
        self._binaries = binaries
        self._options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",  # a path of a socket is short, one of a test's directory may not be
            "dynamic_shared_memory_type": "mmap",  # in the data directory, so that a kill leaves nothing in /dev/shm
            **({} if durable else {"fsync": "off", "full_page_writes": "off"}),
            **(settings or {}),
        }

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def binaries(self) -> Path:
        """The folder of the programs that it runs."""
        if self._binaries is None:
            return find_binaries(self.identity)
        usable = usable_binaries(self._binaries, self.identity)
        if usable is None:
            raise PostgresMissing([self._binaries])
        return usable

    def command(self) -> Sequence[str | Path]:
        """Return how it is started."""
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        return [self.binaries / "postgres", "-D", self.data, *options]

    def make_home(self) -> None:
        """Make a cluster of its data."""
        super().make_home()
        initdb = self.spawn([
            self.binaries / "initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
            "--locale=C.UTF-8", "-E", "UTF8", "--no-sync",
        ])  # fmt: skip
        try:
            initdb.wait(START_TIMEOUT)
        except subprocess.TimeoutExpired:
            kill_tree(initdb.pid)
            initdb.wait()
        if initdb.returncode != 0:
            raise ServerNotReady(f"initdb ended with {initdb.returncode}", self.log)

    def answers(self) -> bool:
        """Tell whether it is this server that answers, and not somebody else's, who took the port."""
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        except psycopg.OperationalError:
            return False
        return Path(data) == self.data


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
