import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any

import socketio

from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.cors import CorsPolicy
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.observability.metrics import SOCKETS, SOCKETS_WATCHING
from hexaccount.sessions.cache_invalidation import affected_users
from hexaccount_socketio import problems
from hexaccount_socketio.admission import Admission, refused
from hexaccount_socketio.asgi import Receive, Scope, Send
from hexaccount_socketio.authentication import Authenticator
from hexaccount_socketio.broadcaster import Broadcaster
from hexaccount_socketio.client_addresses import ClientAddresses
from hexaccount_socketio.connection_pool import ConnectionPool
from hexaccount_socketio.connection_registry import ConnectionRegistry, Socket
from hexaccount_socketio.packets import MAX_LENGTH
from hexaccount_socketio.page_origins import PageOrigins
from hexaccount_socketio.problems import Problem
from hexaccount_socketio.refusals import RefusalObserver, no_observer
from hexaccount_socketio.session_checks import SessionChecks
from hexaccount_socketio.watching import Watching

CLOSING = "closing"
"""The event that a client receives, with a problem, before the service closes its socket."""

_MAINTENANCE_SECONDS = 1.0
_log = logging.getLogger("hexaccount.realtime")
# python-socketio logs what clients send, tokens included, and each mistake of a client as an error.
_DRIVER_LOG = logging.getLogger("hexaccount.realtime.driver")
_DRIVER_LOG.setLevel(logging.CRITICAL)


class SocketServer:
    """The sockets of one worker process.

    public_url: where clients reach the service; pages of its origin may open sockets, too.
    now: returns seconds since 1970.
    """

    def __init__(
        self,
        *,
        bus: MessageBus,
        addresses: ClientAddresses,
        cors: CorsPolicy,
        public_url: str | None = None,
        draining: Callable[[], bool],
        metrics: Metrics = NO_METRICS,
        on_refused: RefusalObserver = no_observer,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._registry = registry = ConnectionRegistry()
        metrics.observe_callback(SOCKETS, lambda: len(registry.sockets))
        metrics.observe_callback(SOCKETS_WATCHING, lambda: len(registry.watching))
        self._driver = _create_driver()
        self._authenticator = Authenticator(bus)
        self._pool = ConnectionPool(
            driver=self._driver.handle_request,
            bus=bus,
            addresses=addresses,
            origins=PageOrigins(cors=cors, addresses=addresses, public_url=public_url),
            draining=draining,
            now=now,
            on_refused=on_refused,
        )
        self._admission = Admission(
            registry=registry, pool=self._pool, authenticator=self._authenticator, draining=draining, now=now
        )
        self._broadcaster = Broadcaster(registry, too_slow=partial(self._close_socket, problem=problems.TOO_SLOW))
        watching = Watching(registry, self._authenticator, bus)
        self._checks = SessionChecks(
            registry=registry,
            authenticate=self._authenticator.recheck,
            close=self._close_socket,
            apply_permissions=watching.apply_permissions,
            now=now,
        )
        self._driver.on("connect", self._connect)
        self._driver.on("connect", self._refuse_namespace, namespace="*")
        self._driver.on("disconnect", self._disconnect)
        self._driver.on("watch", watching.watch)
        self._driver.on("unwatch", watching.unwatch)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket."""
        await self._pool.serve(scope, receive, send)

    async def publish(self, entries: Iterable[JournalEntry]) -> None:
        """Send events to the sockets that they concern.

        A session that one of them may have ended is checked first. Its sockets receive nothing before.
        """
        entries = list(entries)
        for user_id in affected_users(entries):
            for session in self._registry.sessions_of(user_id):
                self._checks.suspect(session)
        self._broadcaster.enqueue(entries)

    async def maintain(self) -> None:
        """Close sockets whose token has expired, and check every session once a minute, until cancelled."""
        await asyncio.gather(_repeat(self._close_expired), _repeat(self._checks.run_due))

    async def close(self) -> None:
        """Close all sockets, wait for a few seconds until clients have received the reason, and stop the threads."""
        for socket in list(self._registry.sockets.values()):
            await self._close_socket(socket, problems.DRAINING)
        await self._pool.close()
        self._authenticator.close()

    async def _close_expired(self) -> None:
        now = self._now()
        for socket in [socket for socket in self._registry.sockets.values() if socket.expires_at <= now]:
            await self._close_socket(socket, problems.TOKEN_EXPIRED)
        self._pool.end_unauthenticated()

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        socket = await self._admission.admit(sid, environ, auth)
        # The session may have ended since it was authenticated: check it again before the first event.
        self._checks.suspect(self._registry.add(socket))

    async def _refuse_namespace(self, _namespace: str, _sid: str, _environ: object, _auth: object = None) -> None:
        raise refused(problems.NO_NAMESPACE)

    async def _disconnect(self, sid: str, _reason: object = None) -> None:
        socket = self._registry.remove(sid)
        if socket is not None:
            self._pool.mark_unauthenticated(socket.connection)

    async def _close_socket(self, socket: Socket, problem: Problem) -> None:
        """Send a client the reason, and close; unless it must log in or refresh, it reconnects by itself."""
        if self._registry.remove(socket.sid) is None:
            return
        if socket.expires_at <= self._now():
            problem = problems.TOKEN_EXPIRED
        await self._driver.emit(CLOSING, problem, to=socket.sid)
        if problem["status"] == 401:
            await self._driver.disconnect(socket.sid)
        socket.connection.end(reason=str(problem["code"]))


async def _repeat(task: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(_MAINTENANCE_SECONDS)
        try:
            await task()
        except Exception:  # noqa: BLE001 - it must run again all the same
            _log.exception("the maintenance of sockets failed")


def _create_driver() -> socketio.AsyncServer:
    return socketio.AsyncServer(
        async_mode="asgi",
        transports=["websocket"],
        namespaces="*",  # so that _refuse_namespace answers for other namespaces
        cors_allowed_origins=[],  # no check: PageOrigins has made it
        max_http_buffer_size=MAX_LENGTH,
        ping_interval=25,
        ping_timeout=20,
        async_handlers=False,  # a client has one message in progress at most
        logger=_DRIVER_LOG,
        engineio_logger=_DRIVER_LOG,
    )
