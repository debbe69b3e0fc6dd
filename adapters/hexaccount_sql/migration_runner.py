"""Runs the migrations with Alembic."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import exc

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.schema_version import refuse_newer
from hexaccount_sql import schema
from hexaccount_sql.connections import transaction
from hexaccount_sql.schema_version import read_version, version_of

MIGRATIONS = "hexaccount_sql:migrations"
_LOCK_TIMEOUT = "2s"
_ATTEMPTS = 60
_MAX_PAUSE = 5.0
_LOCK_ERRORS = {"55P03", "40P01"}
"""PostgreSQL's codes lock_not_available and deadlock_detected."""

_log = logging.getLogger("hexaccount.sql")


class MigrationRunner:
    """Runs one migration at a time, each in its own transaction unless its module says `transactional = False`."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self._config = Config()
        self._config.set_main_option("script_location", MIGRATIONS)
        self._config.attributes["connection"] = connection
        self._scripts = list(reversed(list(ScriptDirectory.from_config(self._config).walk_revisions())))

    def upgrade(self, target: str) -> None:
        """Bring the schema up, or down, to a version number, `head` or `base`.

        Raises SchemaTooNew, and StoreUnavailable where a table stays locked for minutes.
        """
        while _retry_while_locked(lambda: self._run_next(target)):
            pass

    def execute(self, statement: str) -> None:
        """Run a statement that belongs to no migration; raises StoreUnavailable as `upgrade` does."""
        online = "CONCURRENTLY" in statement  # it blocks nobody, and takes part in no transaction

        def run() -> bool:
            with nullcontext() if online else _bounded_transaction(self._connection):
                self._connection.exec_driver_sql(statement)
            return False

        _retry_while_locked(run)

    def _run_next(self, target: str) -> bool:
        """Run the next migration and return True, or return False if there is none."""
        with _bounded_transaction(self._connection):
            found = self._find_next(target)
            if found is None:
                return False
            script, run = found
            # All of SQLite's statements may be part of a transaction.
            transactional = (
                self._connection.dialect.name == "sqlite" or getattr(script.module, "transactional", True)
            )  # fmt: skip
            if transactional:
                run()
        if not transactional:
            run()
        return True

    def _find_next(self, target: str) -> tuple[Script, Callable[[], None]] | None:
        version = read_version(self._connection)
        numbers = [version_of(script.revision).number for script in self._scripts]
        if version is not None and version.number not in numbers:
            refuse_newer(version, schema.SUPPORTED_VERSIONS)
            return None  # a later release has added to what this one knows
        done = numbers.index(version.number) + 1 if version else 0
        ends = {"base": 0, "head": len(numbers)}
        wanted = ends[target] if target in ends else numbers.index(target) + 1
        if wanted > done:
            script = self._scripts[done]
            return script, partial(command.upgrade, self._config, script.revision)
        if wanted < done:
            before = self._scripts[done - 2].revision if done > 1 else "base"
            return self._scripts[done - 1], partial(command.downgrade, self._config, before)
        return None


def _retry_while_locked(step: Callable[[], bool]) -> bool:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return step()
        except exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOCK_ERRORS:
                raise
        _log.warning("a long transaction uses a table; the migration tries again (%d)", attempt)
        time.sleep(random.uniform(0.5, 1.0) * min(0.2 * attempt, _MAX_PAUSE))  # noqa: S311 - jitter
    raise StoreUnavailable(
        "the migration did not get a lock that it needs: end the long transactions that pg_stat_activity shows, and "
        "run `hexaccount migrate` again"
    )


@contextmanager
def _bounded_transaction(connection: sa.Connection) -> Iterator[None]:
    # A migration that waits for a table blocks everyone who uses the table after it.
    with transaction(connection):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield
