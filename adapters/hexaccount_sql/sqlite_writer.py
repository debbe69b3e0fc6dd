import threading

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.transaction import Batch
from hexaccount_sql.connections import SQLITE_LOCK_TIMEOUT
from hexaccount_sql.step_writer import write_in_steps
from hexaccount_sql.writer import Writer


class SqliteWriter(Writer):
    """Writes a commit as a transaction that takes the write lock before its first statement.

    Upgrading from a read lock could fail at once, whatever the timeout. The threads of a process first queue for a lock
    in memory, as SQLite polls its own.
    """

    insert = staticmethod(sqlite.insert)

    def __init__(self) -> None:
        self._write_lock = threading.Lock()

    def write(self, connection: sa.Connection, batch: Batch) -> bool:
        if not self._write_lock.acquire(timeout=SQLITE_LOCK_TIMEOUT):
            raise StoreUnavailable
        try:
            return write_in_steps(connection, batch)
        finally:
            self._write_lock.release()
