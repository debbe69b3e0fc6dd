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
    """A PostgreSQL for tests."""

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
        """Keep the data under `directory`, or a temporary folder if the user of the server cannot enter it.

        `durable` has every commit reach the disk; `settings` are further options of the server.
        """
        identity = server_identity()
        super().__init__(reachable_directory(identity, [directory]).resolve(), identity=identity)
        self._binaries = binaries
        self._options = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",  # the path of a test's directory may be too long for a socket
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
        """The folder of its programs; raises PostgresMissing."""
        if self._binaries is None:
            return find_binaries(self.identity)
        usable = usable_binaries(self._binaries, self.identity)
        if usable is None:
            raise PostgresMissing([self._binaries])
        return usable

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        options = [part for name, value in self._options.items() for part in ("-c", f"{name}={value}")]
        return [self.binaries / "postgres", "-D", self.data, *options]

    def make_home(self) -> None:
        """Run initdb."""
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
        """Return whether this server answers, and no other that has taken the port."""
        try:
            with psycopg.connect(self.url, connect_timeout=2) as connection:
                (data,) = connection.execute("SHOW data_directory").fetchone() or ("",)
        except psycopg.OperationalError:
            return False
        return Path(data) == self.data


@contextlib.contextmanager
def running_postgres(directory: Path) -> Iterator[str]:
    """Yield the URL in HEXACCOUNT_TEST_POSTGRES_URL, else that of a server started for the block."""
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
    """Create a database on the server of a URL, as a copy of the one at the URL `template`, and return its URL.

    The template must have no connections meanwhile.
    """
    name = f"{_DATABASE_PREFIX}{uuid.uuid4().hex}"
    # Its files are copied in half of the time in which its pages would be logged; other engines may not know it.
    copied = sql.SQL("CREATE DATABASE {} TEMPLATE {}" + (" STRATEGY file_copy" if template else ""))
    with _connect(url) as connection:
        connection.execute(
            copied.format(sql.Identifier(name), sql.Identifier(_database(template) if template else "template1"))
        )
    return _at_database(url, name)


def drop_database(url: str) -> None:
    """Drop a database of `create_database`, and end the connections to it; raises ValueError for another."""
    name = _database(url)
    if not name.startswith(_DATABASE_PREFIX):
        raise ValueError(f"{name!r} was not created by create_database")
    with _connect(_at_database(url, "postgres")) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextlib.contextmanager
def temporary_database(url: str, *, template: str | None = None) -> Iterator[str]:
    """Yield the URL of a database that is dropped after the block."""
    database = create_database(url, template=template)
    try:
        yield database
    finally:
        drop_database(database)


def _connect(url: str) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection that commits each statement; the URL may name a driver, as SQLAlchemy's do."""
    return psycopg.connect(re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url), autocommit=True, connect_timeout=10)


def _database(url: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(re.sub(r"^postgres(ql)?(\+\w+)?:", "postgresql:", url))["dbname"])


def _at_database(url: str, name: str) -> str:
    return re.sub(r"^([^:]+://[^/?]*)(/[^?]*)?", rf"\g<1>/{name}", url)
