"""Connections to PostgreSQL on which nobody waits for ever."""

import math
from collections.abc import Generator, Mapping
from time import monotonic
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql.reachability import Reachability

PATIENCE = 8.0
"""Seconds without a word from the server after which a statement is given up."""

SUSPICIOUS = 2.0
"""Seconds of silence after which the server is looked at; also what it gets to answer the one who looks."""

_RV = TypeVar("_RV")


class PatientConnection(psycopg.Connection[Any]):
    """A connection that gives a statement up where the server keeps silent for too long, and is closed then.

    `statement_timeout` is for the server to keep, and one that hangs keeps nothing. Nor does TCP notice: the kernel of
    its machine goes on acknowledging what is sent.
    """

    patience = PATIENCE
    reachability: Reachability | None = None

    def wait(self, gen: Generator[Any, Any, _RV], *args: Any, **options: Any) -> _RV:
        """Run what waits for the server; raises OperationalError where that is silent."""
        return super().wait(self._as_long_as_it_speaks(gen), *args, **options)

    def _as_long_as_it_speaks(self, gen: Generator[Any, Any, _RV]) -> Generator[Any, Any, _RV]:
        # Every statement comes through here, so what is done while the server speaks is next to nothing.
        silent_since = None
        try:
            wanted = next(gen)
            while True:
                # Where nothing comes we are called all the same, ten times a second.
                if ready := (yield wanted):
                    silent_since = None
                elif silent_since is None:
                    silent_since = monotonic()
                else:
                    self._doubt(monotonic() - silent_since)
                wanted = gen.send(ready)
        except StopIteration as done:
            answer: _RV = done.value
            return answer

    def _doubt(self, silence: float) -> None:
        """Have the server looked at after some seconds of silence, and raise OperationalError after too many."""
        if silence > self.patience or self._is_known_to_be_silent():
            self.close()
            raise psycopg.OperationalError(f"the server has said nothing for {silence:.1f} s")
        if silence > SUSPICIOUS and self.reachability is not None:
            self.reachability.suspect()

    def _is_known_to_be_silent(self) -> bool:
        return self.reachability is not None and self.reachability.silent


def keep_patience(engine: sa.Engine, arguments: Mapping[str, Any]) -> None:
    """Have an engine connect by such connections, and refuse whoever wants one while the server is silent.

    `arguments` are how it connects besides what its URL says.
    """
    _, of_url = engine.dialect.create_connect_args(engine.url)
    reachability = Reachability(lambda: _speaks({**of_url, **arguments}))

    def refuse_if_silent(*_: object) -> None:
        if reachability.silent:
            raise StoreUnavailable("the store does not answer at this moment; try again")

    def connect(_dialect: object, _record: object, given: list[Any], options: dict[str, Any]) -> PatientConnection:
        refuse_if_silent()
        began = monotonic()
        try:
            connection = PatientConnection.connect(*given, **options)
        except psycopg.OperationalError:
            if monotonic() - began > SUSPICIOUS:
                reachability.suspect()
            raise
        connection.reachability = reachability
        return connection

    sa.event.listen(engine, "do_connect", connect)
    sa.event.listen(engine, "checkout", refuse_if_silent)
    sa.event.listen(engine, "engine_disposed", lambda _: reachability.close())


def _speaks(arguments: Mapping[str, Any]) -> bool:
    """Tell whether the server says something to a new connection, be it that it takes none."""
    began = monotonic()
    try:
        in_time = {**arguments, "connect_timeout": math.ceil(SUSPICIOUS)}
        with PatientConnection.connect(**in_time, autocommit=True) as connection:
            connection.patience = SUSPICIOUS
            connection.execute("SELECT 1")
    except psycopg.Error:
        return monotonic() - began < SUSPICIOUS
    return True
