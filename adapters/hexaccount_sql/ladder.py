"""The migrations one after the other."""

import logging
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from sqlalchemy import exc

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.store_kit.schema_version import SchemaVersion, refuse_newer
from hexaccount_sql.connections import transaction
from hexaccount_sql.schema import SUPPORTED_VERSIONS
from hexaccount_sql.schema_mark import REVISION_TABLE, read_mark, write_serves

_LOCK_TIMEOUT = "2s"
_TRIES = 60
_LONGEST_PAUSE = 5.0
_LOCKED = {"55P03", "40P01"}
"""PostgreSQL's codes of a lock that was not to be had in time, and of a deadlock."""

_log = logging.getLogger("hexaccount.sql")


@dataclass(frozen=True, slots=True)
class _Step:
    """A migration that is to be done, or undone; `lands_on` is the one that is the last then."""

    script: Script
    done: bool
    lands_on: Script | None

    @property
    def in_one_transaction(self) -> bool:
        """Tell whether it may be part of one, as most may."""
        return bool(getattr(self.script.module, "in_one_transaction", True))

    @property
    def serves(self) -> str | None:
        """Return the oldest version that can serve afterwards; a migration that says nothing leaves it to its own."""
        if self.lands_on is None:
            return None
        serves: str = getattr(self.lands_on.module, "serves", self.lands_on.revision)
        return serves


class Ladder:
    """The migrations in their order, and where a database stands among them."""

    def __init__(self, connection: sa.Connection) -> None:
        """Take the connection to work on."""
        self._connection = connection
        self._config = Config()
        self._config.set_main_option("script_location", "hexaccount_sql:migrations")
        self._config.attributes["connection"] = connection
        self._scripts = list(reversed(list(ScriptDirectory.from_config(self._config).walk_revisions())))

    def climb(self, goal: str) -> None:
        """Go up, or down, to a revision, `head` or `base`."""
        while _insisting(lambda: self._go_one_step(goal)):
            pass

    def _go_one_step(self, goal: str) -> bool:
        """Take a step, if one is left, and tell whether it was."""
        with _transaction(self._connection):
            mark = read_mark(self._connection)
            self._adopt(mark)
            step = self._next(mark, goal)
            if step is None:
                return False
            # All of SQLite's statements can be part of a transaction.
            whole = step.in_one_transaction or self._connection.dialect.name == "sqlite"
            if whole:
                self._take(step)
        if not whole:
            self._take(step)
        return True

    def _adopt(self, mark: SchemaVersion | None) -> None:
        """Let Alembic know where the first release has left off, which kept a single note."""
        if mark is not None and not sa.inspect(self._connection).has_table(REVISION_TABLE):
            command.stamp(self._config, mark.version)

    def _next(self, mark: SchemaVersion | None, goal: str) -> _Step | None:
        names = [script.revision for script in self._scripts]
        if mark is not None and mark.version not in names:
            refuse_newer(mark, SUPPORTED_VERSIONS)
            return None  # a later version has added to what this one knows
        here = names.index(mark.version) + 1 if mark else 0
        ends = {"base": 0, "head": len(names)}
        there = ends[goal] if goal in ends else names.index(goal) + 1
        if there > here:
            return _Step(self._scripts[here], done=True, lands_on=self._scripts[here])
        if there < here:
            below = self._scripts[here - 2] if here > 1 else None
            return _Step(self._scripts[here - 1], done=False, lands_on=below)
        return None

    def _take(self, step: _Step) -> None:
        if step.done:
            command.upgrade(self._config, step.script.revision)
        else:
            command.downgrade(self._config, step.lands_on.revision if step.lands_on else "base")
        write_serves(self._connection, step.serves)


def _insisting(step: Callable[[], bool]) -> bool:
    """Take a step; again and again while others hold what it has to lock."""
    for attempt in range(1, _TRIES + 1):
        try:
            return step()
        except exc.OperationalError as error:
            if getattr(error.orig, "sqlstate", None) not in _LOCKED:
                raise
        _log.warning("a table is in use by a long transaction; the migration tries again (%d)", attempt)
        time.sleep(random.uniform(0.5, 1.0) * min(0.2 * attempt, _LONGEST_PAUSE))  # noqa: S311 - jitter
    raise StoreUnavailable(
        "the migration did not get a lock that it needs: end the long transactions that pg_stat_activity shows, and "
        "run `hexaccount migrate` again"
    )


@contextmanager
def _transaction(connection: sa.Connection) -> Iterator[None]:
    with transaction(connection):
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{_LOCK_TIMEOUT}'")
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield
