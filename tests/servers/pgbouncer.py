import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import psycopg

from tests.servers.own_server import OwnServer
from tests.servers.unprivileged import reachable_directory, server_identity


class PgbouncerMissing(Exception):
    """PgBouncer is not installed."""

    def __init__(self) -> None:
        super().__init__("no PgBouncer found: apt-get install pgbouncer")


class Pgbouncer(OwnServer):
    """A PgBouncer in front of a PostgreSQL."""

    title = "PgBouncer"
    stop_signal: ClassVar[signal.Signals] = signal.SIGINT

    def __init__(self, directory: Path, *, before: str, connections: int = 3, mode: str = "transaction") -> None:
        """Take the URL of the PostgreSQL, the number of connections to each of its databases, and for what one is lent.

        In the mode `session` it ignores the parameter `options`.
        """
        identity = server_identity()
        super().__init__(reachable_directory(identity, [directory]).resolve(), identity=identity)
        self._before = urlsplit(before)
        self._connections = connections
        self._mode = mode
        self.environment = {"PATH": os.defpath}  # type: ignore[misc]  # a class attribute elsewhere

    @property
    def url(self) -> str:
        """The URL of its first database."""
        return self.url_of(f"postgresql://{self._before.netloc}{self._before.path}")

    def url_of(self, database: str) -> str:
        """Return the URL of a database of the PostgreSQL through this pooler."""
        parts = urlsplit(database)
        return f"postgresql://{parts.username}@127.0.0.1:{self.port}{parts.path}"

    def command(self) -> Sequence[str | Path]:
        """Return its command line."""
        binary = shutil.which("pgbouncer", path=f"{os.defpath}:/usr/sbin:/usr/local/sbin")
        if binary is None:
            raise PgbouncerMissing
        config, users = self.home / "pgbouncer.ini", self.home / "users.txt"
        users.write_text(f'"{self._before.username}" ""\n', encoding="utf-8")
        config.write_text(
            f"""
            [databases]
            * = host=127.0.0.1 port={self._before.port}
            [pgbouncer]
            listen_addr = 127.0.0.1
            listen_port = {self.port}
            unix_socket_dir =
            auth_type = trust
            auth_file = {users}
            pool_mode = {self._mode}
            ignore_startup_parameters = {"options" if self._mode == "session" else ""}
            default_pool_size = {self._connections}
            max_client_conn = 200
            """.replace("            ", ""),
            encoding="utf-8",
        )
        return [binary, config]

    def answers(self) -> bool:
        """Return whether it executes a statement."""
        try:
            with psycopg.connect(self.url, connect_timeout=2, prepare_threshold=None) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True
