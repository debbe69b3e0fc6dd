import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.rate_limits.acquire_permit import AcquirePermit
from hexaccount.rate_limits.errors import TooManyAttempts
from hexaccount_socketio import problems
from hexaccount_socketio.asgi import Application, Receive, Scope, Send
from hexaccount_socketio.client_addresses import ClientAddresses, client_of
from hexaccount_socketio.connection import CLOSE_TIMEOUT, Connection
from hexaccount_socketio.page_origins import PageOrigins
from hexaccount_socketio.problems import Problem, problem_of
from hexaccount_socketio.refusals import RefusalObserver
from hexaccount_socketio.responses import deny

CONNECTION = "hexaccount.connection"
"""The key of the ASGI scope that holds the Connection of a WebSocket."""

_MAX_CONNECTIONS = 10_000
_MAX_UNAUTHENTICATED = 1_000
_AUTHENTICATION_SECONDS = 5.0
_GOING_AWAY = 1001

SOCKETS = RateLimitPolicy("sockets", RateLimit.of(120, 0.1, 3000, 1), local=True)


@dataclass(slots=True, kw_only=True, eq=False)
class ConnectionPool:
    """All WebSockets of a worker process. It limits their number and the time without a token.

    `now` returns seconds since 1970.
    """

    driver: Application
    bus: MessageBus
    addresses: ClientAddresses
    origins: PageOrigins
    draining: Callable[[], bool]
    now: Callable[[], float]
    on_refused: RefusalObserver
    _open: set[Connection] = field(default_factory=set, init=False)
    _unauthenticated: dict[Connection, None] = field(default_factory=dict, init=False)
    _closed: bool = field(default=False, init=False)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket, or deny it with an HTTP status and a problem, which most clients hide from their users."""
        refusal = self._refusal(scope)
        if refusal is not None:
            await receive()
            await deny(send, refusal)
            return
        connection = Connection(receive, send, unauthenticated_since=self.now())
        self._open.add(connection)
        self._unauthenticated[connection] = None
        try:
            await self.driver({**scope, CONNECTION: connection}, connection.receive, connection.send)
        finally:
            self._open.discard(connection)
            self._unauthenticated.pop(connection, None)

    def count_attempt(self, scope: Scope) -> None:
        """Count an attempt of a client; raises TooManyAttempts."""
        # The counter is in this process and queries no store, so it does not block the event loop.
        self.bus.handle(AcquirePermit(policy=SOCKETS, client_address=client_of(self.addresses, scope)))

    def report(self, refusal: Problem, scope: Scope) -> None:
        """Tell the observer of a client that has too many sockets, or finds too many."""
        self.on_refused("connect", str(refusal["code"]), client_of(self.addresses, scope))

    def mark_authenticated(self, connection: Connection) -> None:
        self._unauthenticated.pop(connection, None)

    def mark_unauthenticated(self, connection: Connection) -> None:
        """Give the client of an open connection a few seconds to authenticate again."""
        if connection in self._open and connection not in self._unauthenticated:
            connection.unauthenticated_since = self.now()
            self._unauthenticated[connection] = None

    def end_unauthenticated(self) -> None:
        """End the connections whose clients have shown no valid token in time."""
        latest = self.now() - _AUTHENTICATION_SECONDS
        for connection in list(self._unauthenticated):
            if not connection.authenticating and connection.unauthenticated_since <= latest:
                self._unauthenticated.pop(connection)
                connection.end(reason="no token was shown")

    async def close(self) -> None:
        """Accept no more connections, end all, and wait for a few seconds until they have ended."""
        self._closed = True
        for connection in list(self._open):
            connection.end(_GOING_AWAY, str(problems.DRAINING["code"]))
        latest = time.monotonic() + 2 * CLOSE_TIMEOUT
        while self._open and time.monotonic() < latest:
            await asyncio.sleep(0.01)

    def _refusal(self, scope: Scope) -> Problem | None:
        if self._closed or self.draining():
            return problems.DRAINING
        try:
            self.count_attempt(scope)
        except TooManyAttempts as error:
            return problem_of(error)
        if not self.origins.allow(scope):
            return problems.FOREIGN_ORIGIN
        full = len(self._open) >= _MAX_CONNECTIONS
        if full or (len(self._unauthenticated) >= _MAX_UNAUTHENTICATED and not self._end_oldest_unauthenticated()):
            self.report(problems.FULL, scope)
            return problems.FULL
        return None

    def _end_oldest_unauthenticated(self) -> bool:
        """Make room: a client that has a token has shown it long before the others time out."""
        oldest = next((each for each in self._unauthenticated if not each.authenticating), None)
        if oldest is None:
            return False
        self._unauthenticated.pop(oldest)
        oldest.end(reason="other clients are waiting", within=0)
        return True
