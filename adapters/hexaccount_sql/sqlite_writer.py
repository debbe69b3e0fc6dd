import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.dialects import sqlite

from hexaccount.store_kit.transaction import Batch
from hexaccount_sql.connections import SQLITE_LOCK_TIMEOUT, transaction
from hexaccount_sql.errors import locked
from hexaccount_sql.plain_connection import PlainConnection
from hexaccount_sql.step_writer import write_in_steps
from hexaccount_sql.writer import Writer

# Seconds. A load balancer waits no longer for an answer of `/ready`, and a commit takes milliseconds.
_CHECK_TIMEOUT = 2


class SqliteWriter(Writer):
    """Writes a commit as a transaction that takes the write lock before its first statement.

    Upgrading from a read lock could fail at once, whatever the timeout. The threads of a process first queue for a lock
    in memory, as SQLite polls its own.
    """

    insert = staticmethod(sqlite.insert)

    def __init__(self) -> None:
        self._write_lock = threading.Lock()

    def write(self, connection: PlainConnection, batch: Batch) -> bool:
        with self._locked(SQLITE_LOCK_TIMEOUT):
            return write_in_steps(connection, batch)

    def check(self, connection: PlainConnection) -> None:
        with self._locked(_CHECK_TIMEOUT):
            connection.exec_driver_sql(f"PRAGMA busy_timeout={1000 * _CHECK_TIMEOUT}")
            try:
                with transaction(connection):
                    pass
            finally:
                connection.exec_driver_sql(f"PRAGMA busy_timeout={1000 * SQLITE_LOCK_TIMEOUT}")

    @contextmanager
    def _locked(self, timeout: float) -> Iterator[None]:
        if not self._write_lock.acquire(timeout=timeout):
            raise locked()
        try:
            yield
        finally:
            self._write_lock.release()
