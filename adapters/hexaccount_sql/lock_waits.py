"""Reports what a migration waits for: the sessions of PostgreSQL that hold the locks which it needs."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import monotonic
from typing import Any

import sqlalchemy as sa
from sqlalchemy import exc

_INTERVAL = 1.0
_PATIENCE = 5.0
"""Seconds for which migrations wait for one another without a word."""

# The oldest session that blocks another one or, without that, has the lock of migrations; other migrations wait, too.
_BLOCKING = sa.text(
    "SELECT pid, application_name AS application, state, "
    "round(extract(epoch FROM clock_timestamp() - coalesce(xact_start, query_start))) AS seconds "
    "FROM pg_stat_activity WHERE pid = ANY(CASE WHEN CAST(:waiting AS integer) IS NULL THEN ARRAY("
    "SELECT pid FROM pg_locks WHERE relation = to_regclass('migration_lock') AND granted AND pid <> pg_backend_pid()"
    ") ELSE pg_blocking_pids(CAST(:waiting AS integer)) END) ORDER BY xact_start LIMIT 1"
)

_log = logging.getLogger("hexaccount.sql")


class LockWaits:
    """Logs each session for which a migration waits, once; not every engine has PostgreSQL's views for that."""

    def __init__(self) -> None:
        self._reported: set[int] = set()
        self._report_from = monotonic() + _PATIENCE

    @contextmanager
    def watch(self, waiting: sa.Connection) -> Iterator[None]:
        """Report, while the block runs, what this connection waits for."""
        if waiting.dialect.name != "postgresql":
            yield
            return
        driver: Any = waiting.connection.driver_connection
        ended = Event()
        arguments = (waiting.engine, driver.info.backend_pid, ended)
        thread = Thread(target=self._watch, args=arguments, name="lock-waits", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def report_migration(self, connection: sa.Connection) -> None:
        """Report the session that holds the lock of migrations."""
        if not self._reported and monotonic() > self._report_from:
            with suppress(exc.DBAPIError):
                self._report(connection, None)

    def _watch(self, engine: sa.Engine, waiting: int, ended: Event) -> None:
        with suppress(exc.DBAPIError), engine.connect() as connection:
            while not ended.wait(_INTERVAL):
                self._report(connection, waiting)

    def _report(self, connection: sa.Connection, waiting: int | None) -> None:
        found = connection.execute(_BLOCKING, {"waiting": waiting}).one_or_none()
        if found is None or found.pid in self._reported:
            return
        self._reported.add(found.pid)
        since = "" if found.seconds is None else f" for {found.seconds} s"
        _log.warning(
            "the migration waits for session %s of PostgreSQL (%s, %s%s): let it finish, or end it by "
            "SELECT pg_terminate_backend(%s)", found.pid, found.application or "no name",
            found.state or "of another role", since, found.pid,
        )  # fmt: skip
