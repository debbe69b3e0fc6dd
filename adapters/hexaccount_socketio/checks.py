import asyncio
import logging
import math
from collections.abc import Awaitable, Callable

from hexaccount.sessions.authenticate import Principal
from hexaccount.sessions.errors import NotAuthenticated
from hexaccount_socketio.refusals import Problem, problem_of, told_of
from hexaccount_socketio.roll import LiveSession, Roll, Socket

_EVERY = 60.0
_log = logging.getLogger("hexaccount.realtime")


class SessionChecks:
    """Looks whether the sessions behind sockets live on, and what they may.

    While there is a reason to doubt it, sockets hear nothing; nobody knows more while the store is away, and then they
    wait. `authenticate` asks the store by a token; `send_away` and `allow` do what the answer asks for.
    """

    def __init__(
        self,
        roll: Roll,
        *,
        authenticate: Callable[[str], Awaitable[Principal]],
        send_away: Callable[[Socket, Problem], Awaitable[None]],
        allow: Callable[[Socket, Principal], None],
        now: Callable[[], float],
    ) -> None:
        self._roll = roll
        self._authenticate = authenticate
        self._send_away = send_away
        self._allow = allow
        self._now = now
        self._running: set[asyncio.Task[bool]] = set()

    def suspect(self, session: LiveSession) -> None:
        """Have the sockets of a session hear nothing until it has been looked at, which begins now."""
        session.reasons += 1
        session.hold()
        if not session.checking:
            session.checking = True
            task = asyncio.get_running_loop().create_task(self._check(session))
            self._running.add(task)
            task.add_done_callback(self._running.discard)

    async def look(self) -> None:
        """Look at all sessions whose turn it is, one after another: those that are suspected must not wait for them."""
        due = [each for each in self._roll.sessions.values() if each.checked_at + _EVERY <= self._now()]
        for session in due:
            if not session.checking:
                session.checking = True
                if not await self._check(session):
                    return

    async def _check(self, session: LiveSession) -> bool:
        """Look at a session until nothing speaks against it that has not been seen; return whether it could be seen."""
        try:
            while session.sockets:
                reasons = session.reasons
                session.checked_at = self._now()
                try:
                    principal = await self._authenticate(max(session.sockets.values(), key=_expiry).token)
                except NotAuthenticated as error:
                    for socket in list(session.sockets.values()):
                        await self._send_away(socket, problem_of(error))
                    continue
                if session.reasons == reasons:
                    for socket in session.sockets.values():
                        self._allow(socket, principal)
                    session.release()
                    break
        except Exception as error:  # noqa: BLE001 - it is told, and the next look may find out
            told_of(error)
            session.checked_at = -math.inf
            return False
        finally:
            session.checking = False
        return True


def _expiry(socket: Socket) -> float:
    return socket.expires_at
