import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from hexaccount.kernel.bus import Bus
from hexaccount.kernel.client_address import ClientAddresses
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount_socketio import refusals
from hexaccount_socketio.line import FAREWELL, Line, Receive, Scope, Send
from hexaccount_socketio.refusals import Problem, problem_of
from hexaccount_socketio.responses import respond, response_of

LINE = "hexaccount.line"
"""Where the scope of a WebSocket holds its line."""

_MOST = 10_000
_MOST_STRANGERS = 1_000
_COURTESY = 5.0
_GOING_AWAY = 1001
_FORWARDED = {b"x-forwarded-host", b"x-forwarded-proto"}


class Lines:
    """All WebSockets of a worker process: whom it lets in, and how long it bears with those who show no token."""

    def __init__(
        self,
        serve: Callable[[Scope, Receive, Send], Awaitable[None]],
        *,
        bus: Bus,
        addresses: ClientAddresses,
        draining: Callable[[], bool],
        now: Callable[[], float],
    ) -> None:
        self._serve = serve
        self._bus = bus
        self._addresses = addresses
        self._draining = draining
        self._now = now
        self._open: set[Line] = set()
        self._strangers: dict[Line, None] = {}
        self._closed = False

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a WebSocket in, or refuse it with a status and a problem, which most clients hide from their users."""
        refusal = self._refusal(scope)
        if refusal is not None:
            await receive()
            await deny(send, refusal)
            return
        line = Line(receive, send, since=self._now())
        self._open.add(line)
        self._strangers[line] = None
        try:
            await self._serve({**scope, LINE: line, "headers": self._believed(scope)}, line.receive, line.send)
        finally:
            self._open.discard(line)
            self._strangers.pop(line, None)

    def admit(self, scope: Scope) -> None:
        """Count an attempt of a client; raises TooManyAttempts."""
        # It is counted in this process: no store is asked, so the event loop may wait for it.
        self._bus.handle(AcquirePermit(policy="sockets", client_address=self._client_of(scope)))

    def know(self, line: Line) -> None:
        """Take a line for one of somebody."""
        self._strangers.pop(line, None)

    def forget(self, line: Line) -> None:
        """Take a line for a stranger's again."""
        if line in self._open and line not in self._strangers:
            line.since = self._now()
            self._strangers[line] = None

    def look(self) -> None:
        """End the lines of those who have been strangers for long enough."""
        for line in [each for each in self._strangers if not each.deciding and each.since + _COURTESY <= self._now()]:
            self._strangers.pop(line)
            line.end(reason="no token was shown")

    async def close(self) -> None:
        """End all lines, and wait until they have ended; nobody is let in from now on."""
        self._closed = True
        for line in list(self._open):
            line.end(_GOING_AWAY, str(refusals.DRAINING["code"]))
        over = time.monotonic() + 2 * FAREWELL
        while self._open and time.monotonic() < over:
            await asyncio.sleep(0.01)

    def _refusal(self, scope: Scope) -> Problem | None:
        if self._closed or self._draining():
            return refusals.DRAINING
        try:
            self.admit(scope)
        except TooManyAttempts as error:
            return problem_of(error)
        if len(self._open) >= _MOST or (len(self._strangers) >= _MOST_STRANGERS and not self._end_oldest_stranger()):
            return refusals.FULL
        return None

    def _end_oldest_stranger(self) -> bool:
        """Make room: who has a token to show has shown it long before the others' patience ends."""
        oldest = next((line for line in self._strangers if not line.deciding), None)
        if oldest is None:
            return False
        self._strangers.pop(oldest)
        oldest.end(reason="others want to come in", within=0)
        return True

    def _believed(self, scope: Scope) -> list[tuple[bytes, bytes]]:
        """Return the headers, without what only a proxy of ours may say of where the client wanted to go."""
        if self._addresses.is_trusted(_peer_of(scope)):
            return list(scope["headers"])
        return [(name, value) for name, value in scope["headers"] if name.lower() not in _FORWARDED]

    def _client_of(self, scope: Scope) -> str:
        forwarded = [value for name, value in scope["headers"] if name.lower() == b"x-forwarded-for"]
        return self._addresses.client_of(_peer_of(scope), b",".join(forwarded).decode("latin-1"))


async def deny(send: Send, problem: Problem) -> None:
    """Refuse a WebSocket before it is one."""
    await respond(send, response_of(problem), kind="websocket.http.response")


def _peer_of(scope: Scope) -> str:
    peer: tuple[Any, ...] = scope.get("client") or ("",)
    return str(peer[0])
