import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from hexaccount.sessions.authenticate import Principal
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount_socketio.connection_registry import ConnectionRegistry, Socket, SocketSession
from hexaccount_socketio.problems import Problem, problem_of

_CHECK_EVERY_SECONDS = 60.0
_log = logging.getLogger("hexaccount.realtime")


@dataclass(slots=True, kw_only=True, eq=False)
class SessionChecks:
    """Checks that the sessions of sockets are still valid, and what their users may do.

    The sockets of a suspected session receive no events until a check succeeds; while the store is unavailable, they
    wait. `close` is called for each socket of a session that has ended, `apply_permissions` for each of a valid one.
    """

    registry: ConnectionRegistry
    authenticate: Callable[[str], Awaitable[Principal]]
    close: Callable[[Socket, Problem], Awaitable[None]]
    apply_permissions: Callable[[Socket, Principal], None]
    now: Callable[[], float]
    _running: set[asyncio.Task[bool]] = field(default_factory=set, init=False)

    def suspect(self, session: SocketSession) -> None:
        """Hold back the events of a session, and start a check of it."""
        session.suspicions += 1
        session.hold()
        if not session.checking:
            session.checking = True
            task = asyncio.get_running_loop().create_task(self._check(session))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def run_due(self) -> None:
        """Check every session that is due, one after another, so that suspected ones do not wait for threads."""
        latest = self.now() - _CHECK_EVERY_SECONDS
        for session in [each for each in self.registry.sessions.values() if each.checked_at <= latest]:
            if not session.checking:
                session.checking = True
                if not await self._check(session):
                    return

    async def _check(self, session: SocketSession) -> bool:
        """Repeat the check until no new suspicion comes up during it; return False if the check failed."""
        try:
            while session.sockets:
                suspicions = session.suspicions
                session.checked_at = self.now()
                try:
                    principal = await self.authenticate(
                        max(session.sockets.values(), key=lambda socket: socket.expires_at).token
                    )
                except NotAuthenticated as error:
                    for socket in list(session.sockets.values()):
                        await self.close(socket, problem_of(error))
                    continue
                if session.suspicions == suspicions:
                    for socket in session.sockets.values():
                        self.apply_permissions(socket, principal)
                    session.release()
                    break
        except Exception as error:  # noqa: BLE001 - problem_of logs it, and the next check may succeed
            problem_of(error)
            session.checked_at = -math.inf
            return False
        finally:
            session.checking = False
        return True
