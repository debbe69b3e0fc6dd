"""Connections to PostgreSQL that fail when the server hangs.

libpq has no option for that: `statement_timeout` is enforced by the server, and the kernel of a hanging server goes on
acknowledging packets, so `tcp_user_timeout` and keepalives see nothing (ADR 23).
"""

import math
from collections.abc import Generator, Mapping
from time import monotonic
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql.server_probe import ServerProbe

DEADLINE = 8.0
"""Seconds of silence after which a statement fails: one more than `statement_timeout`."""

PROBE_AFTER = 2.0
"""Seconds of silence after which the server is probed; also the time that the probe waits for an answer."""

_RV = TypeVar("_RV")


class DeadlineConnection(psycopg.Connection[Any]):
    """A connection that closes itself and raises OperationalError when the server has been silent for too long."""

    deadline = DEADLINE
    probe: ServerProbe | None = None

    def wait(self, gen: Generator[Any, Any, _RV], *args: Any, **options: Any) -> _RV:
        return super().wait(self._watch(gen), *args, **options)

    def _watch(self, gen: Generator[Any, Any, _RV]) -> Generator[Any, Any, _RV]:
        # Every statement passes here. psycopg resumes a waiting generator ten times a second, with 0 if nothing came.
        silent_since = None
        try:
            wanted = next(gen)
            while True:
                if ready := (yield wanted):
                    silent_since = None
                elif silent_since is None:
                    silent_since = monotonic()
                else:
                    self._check_silence(monotonic() - silent_since)
                wanted = gen.send(ready)
        except StopIteration as done:
            result: _RV = done.value
            return result

    def _check_silence(self, seconds: float) -> None:
        silent = self.probe is not None and self.probe.silent
        if silent or seconds > self.deadline:
            self.close()
            raise psycopg.OperationalError(f"the server has sent nothing for {seconds:.1f} s")
        if seconds > PROBE_AFTER and self.probe is not None:
            self.probe.suspect()


def use_deadlines(engine: sa.Engine, arguments: Mapping[str, Any]) -> None:
    """Let an engine connect by DeadlineConnections, and raise StoreUnavailable at once while the server is silent.

    `arguments` are those of `connect`.
    """
    probe = ServerProbe(lambda: _answers(arguments))

    def refuse_while_silent(*_: object) -> None:
        if probe.silent:
            raise StoreUnavailable("the store does not answer at this moment; try again")

    def connect(_dialect: object, _record: object, args: list[Any], options: dict[str, Any]) -> DeadlineConnection:
        refuse_while_silent()
        began = monotonic()
        try:
            connection = DeadlineConnection.connect(*args, **options)
        except psycopg.OperationalError:
            if monotonic() - began > PROBE_AFTER:
                probe.suspect()
            raise
        connection.probe = probe
        return connection

    sa.event.listen(engine, "do_connect", connect)
    sa.event.listen(engine, "checkout", refuse_while_silent)
    sa.event.listen(engine, "engine_disposed", lambda _: probe.close())


def _answers(arguments: Mapping[str, Any]) -> bool:
    """Return whether the server answers a new connection in time, be it with a refusal."""
    began = monotonic()
    try:
        bounded = {**arguments, "connect_timeout": math.ceil(PROBE_AFTER)}
        with DeadlineConnection.connect(**bounded) as connection:
            connection.deadline = PROBE_AFTER
            connection.execute("SELECT 1")
    except psycopg.Error:
        return monotonic() - began < PROBE_AFTER
    return True
