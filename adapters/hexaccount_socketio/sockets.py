import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import socketio

from hexaccount.accounts.profile import ProfileCreated, ProfileUpdated
from hexaccount.accounts.user import UserRegistered
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.client_address import ClientAddresses
from hexaccount.kernel.messages import Message
from hexaccount.kernel.metrics import NO_METRICS, Metrics
from hexaccount.observability.metrics import SOCKETS, SOCKETS_WATCHING
from hexaccount.roles.permission import Permission
from hexaccount.sessions.authenticate import Authenticate, Principal
from hexaccount.sessions.session import SessionKept, SessionOpened, SessionRefreshed
from hexaccount_socketio import refusals
from hexaccount_socketio.checks import SessionChecks
from hexaccount_socketio.frames import LONGEST
from hexaccount_socketio.line import Line, Receive, Scope, Send
from hexaccount_socketio.lines import LINE, Lines
from hexaccount_socketio.news import News, packet_of
from hexaccount_socketio.refusals import Problem, told_of
from hexaccount_socketio.roll import Roll, Socket

R = TypeVar("R")

WATCHING = Permission.READ_USERS
"""What it takes to hear of all accounts."""

SENT_AWAY = "sent_away"
UNWATCHED = "unwatched"
"""What clients hear besides events: names that neither Socket.IO nor its clients keep for themselves."""

_MOST_OF_A_SESSION = 20
_MOST_OF_A_USER = 50
_THREADS = 2
_LOOK_EVERY = 1.0
_PATIENCE = 10.0
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]{1,4096}=*")
# Socket.IO's own parameters of a connection.
_PARAMETERS = {"EIO", "transport", "t", "b64"}
# After all others somebody's session may be over, or their roles not what they were.
_HARMLESS = {
    kind.type for kind in (ProfileCreated, ProfileUpdated, SessionKept, SessionOpened, SessionRefreshed, UserRegistered)
}
_log = logging.getLogger("hexaccount.realtime")
# The driver tells what clients send, tokens among it, and each of their mistakes as an error.
_DRIVER_LOG = logging.getLogger("hexaccount.realtime.driver")
_DRIVER_LOG.setLevel(logging.CRITICAL)


class Sockets:
    """The sockets of one worker process, and what is told to each.

    What asks the store runs in threads, and the event loop never waits for it. Those who come in have threads of their
    own, so that no crowd of them keeps a dead session's sockets alive. `now` gives seconds since 1970.
    """

    def __init__(
        self,
        *,
        bus: Bus,
        addresses: ClientAddresses,
        cors_origins: Sequence[str],
        draining: Callable[[], bool],
        metrics: Metrics = NO_METRICS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self.cors_origins = cors_origins
        self._bus = bus
        self._draining = draining
        self._now = now
        self._roll = Roll()
        metrics.observe_callback(SOCKETS, lambda: len(self._roll.sockets))
        metrics.observe_callback(SOCKETS_WATCHING, lambda: len(self._roll.watching))
        self._news = News(self._roll, too_slow=self._send_away_as_slow)
        self._checks = SessionChecks(
            self._roll, authenticate=self._look_at, send_away=self._send_away, allow=self._allow, now=now
        )
        self._doors = ThreadPoolExecutor(_THREADS, thread_name_prefix="sockets-doors")
        self._looking = ThreadPoolExecutor(_THREADS, thread_name_prefix="sockets-looking")
        self._server = socketio.AsyncServer(
            async_mode="asgi",
            transports=["websocket"],
            namespaces="*",  # to refuse them by our own words
            cors_allowed_origins=list(cors_origins) or None,
            max_http_buffer_size=LONGEST,
            ping_interval=25,
            ping_timeout=20,
            # One message of a client after the other, so that nobody has more than one at work.
            async_handlers=False,
            logger=_DRIVER_LOG,
            engineio_logger=_DRIVER_LOG,
        )
        self._lines = Lines(self._server.handle_request, bus=bus, addresses=addresses, draining=draining, now=now)
        for event, handler in {
            "connect": self._connect,
            "disconnect": self._disconnect,
            "watch": self._watch,
            "unwatch": self._unwatch,
        }.items():
            self._server.on(event, handler)
        self._server.on("connect", self._refuse_namespace, namespace="*")

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket, by ASGI."""
        await self._lines.serve(scope, receive, send)

    async def tell(self, entries: Iterable[JournalEntry]) -> None:
        """Have those whom they concern hear of events, and nobody whose session one of them may have ended.

        Who may be meant is looked at first, and hears nothing before; nobody waits here for those who hear.
        """
        news = list(entries)
        for user_id in {entry.subject for entry in news if entry.type not in _HARMLESS}:
            for session in self._roll.sessions_of(user_id):
                self._checks.suspect(session)
        self._news.add(news)

    async def look_after(self) -> None:
        """Send away whose token expires, and look at every session once a minute, until cancelled."""
        await asyncio.gather(_again_and_again(self._look), _again_and_again(self._checks.look))

    async def close(self) -> None:
        """Send everybody away, give them a moment to hear of it, and let go of the threads."""
        for socket in list(self._roll.sockets.values()):
            await self._send_away(socket, refusals.DRAINING)
        await self._lines.close()
        self._doors.shutdown(wait=False, cancel_futures=True)
        self._looking.shutdown(wait=False, cancel_futures=True)

    async def _look(self) -> None:
        now = self._now()
        for socket in [socket for socket in self._roll.sockets.values() if socket.expires_at <= now]:
            await self._send_away(socket, refusals.TOKEN_EXPIRED)
        self._lines.look()

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        scope = environ["asgi.scope"]
        line: Line = scope[LINE]
        line.deciding = True
        try:
            socket = await self._socket_of(sid, environ, auth, line)
        except Exception as error:  # noqa: BLE001 - whatever it is, the client is told a problem
            if line.asked == 1:
                line.since = self._now()  # there is time to hear of it, once
            raise _refused(error) from None
        finally:
            line.deciding = False
        self._lines.know(line)
        # The session may have ended since, and that been told: this looks again before the first event.
        self._checks.suspect(self._roll.add(socket))

    async def _socket_of(self, sid: str, environ: Mapping[str, Any], auth: object, line: Line) -> Socket:
        line.asked += 1
        if self._draining():
            raise _Refusal(refusals.DRAINING)
        if _further_parameters(environ):
            raise _Refusal(refusals.TOKEN_IN_QUERY)
        token = _token_of(environ, auth)
        if token is None:
            raise _Refusal(refusals.NO_TOKEN)
        if line.asked > 1:  # the first attempt was counted when the line came in
            self._lines.admit(environ["asgi.scope"])
        try:
            principal = await line.while_open(self._authenticate(token, self._doors), seconds=_PATIENCE)
        except TimeoutError:
            raise _Refusal(refusals.UNAVAILABLE) from None
        of_user, of_session = self._roll.count(principal.user.id, principal.session_id)
        if of_session >= _MOST_OF_A_SESSION or of_user >= _MOST_OF_A_USER:
            raise _Refusal(refusals.TOO_MANY_SOCKETS)
        return Socket(
            sid=sid,
            token=token,
            user_id=principal.user.id,
            session_id=principal.session_id,
            expires_at=principal.expires_at.timestamp(),
            line=line,
        )

    async def _refuse_namespace(self, _namespace: str, _sid: str, _environ: object, _auth: object = None) -> None:
        raise _refused(_Refusal(refusals.NO_NAMESPACE))

    async def _disconnect(self, sid: str, _reason: object = None) -> None:
        socket = self._roll.remove(sid)
        if socket is not None:
            self._lines.forget(socket.line)

    async def _watch(self, sid: str, *_: object) -> Problem | None:
        """Let an admin hear of all accounts; the acknowledgement is nothing, or the problem."""
        while (socket := self._roll.sockets.get(sid)) is not None:
            session = self._roll.sessions[socket.session_id]
            reasons = session.reasons
            try:
                principal = await socket.line.while_open(
                    self._authenticate(socket.token, self._doors), seconds=_PATIENCE
                )
            except TimeoutError:
                return refusals.UNAVAILABLE
            except Exception as error:  # noqa: BLE001 - whatever it is, the client is told a problem
                return told_of(error)
            if WATCHING not in principal.permissions:
                return refusals.not_permitted(WATCHING)
            if session.reasons == reasons and sid in self._roll.sockets:
                self._roll.watching[sid] = socket
                return None
        return refusals.NO_TOKEN

    async def _unwatch(self, sid: str, *_: object) -> None:
        self._roll.watching.pop(sid, None)

    def _allow(self, socket: Socket, principal: Principal) -> None:
        if socket.sid in self._roll.watching and WATCHING not in principal.permissions:
            del self._roll.watching[socket.sid]
            socket.line.forget_foreign()
            # Where there is no room, the next event ends the socket.
            socket.line.tell(packet_of(UNWATCHED, refusals.not_permitted(WATCHING)))

    async def _send_away_as_slow(self, socket: Socket) -> None:
        await self._send_away(socket, refusals.TOO_SLOW)

    async def _send_away(self, socket: Socket, why: Problem) -> None:
        """Tell a client why, and end its connection; one that need do nothing about it connects again by itself."""
        if self._roll.remove(socket.sid) is None:
            return
        if socket.expires_at <= self._now():
            why = refusals.TOKEN_EXPIRED
        await self._server.emit(SENT_AWAY, why, to=socket.sid)
        if why["status"] == 401:
            await self._server.disconnect(socket.sid)
        socket.line.end(reason=str(why["code"]))

    async def _look_at(self, token: str) -> Principal:
        return await self._authenticate(token, self._looking)

    def _authenticate(self, token: str, threads: ThreadPoolExecutor) -> Awaitable[Principal]:
        return self._ask(Authenticate(token=token), threads)

    def _ask(self, message: Message[R], threads: ThreadPoolExecutor) -> Awaitable[R]:
        return asyncio.get_running_loop().run_in_executor(threads, self._bus.handle, message)


class _Refusal(Exception):
    """A connection is refused."""

    def __init__(self, why: Problem) -> None:
        super().__init__(why["detail"])
        self.why = why


def _refused(error: Exception) -> socketio.exceptions.ConnectionRefusedError:
    why = error.why if isinstance(error, _Refusal) else told_of(error)
    return socketio.exceptions.ConnectionRefusedError(why["detail"], why)


async def _again_and_again(look: Callable[[], Awaitable[None]]) -> None:
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            await look()
        except Exception:  # noqa: BLE001 - the next look must come all the same
            _log.exception("the sockets could not be looked after")


def _further_parameters(environ: Mapping[str, Any]) -> Collection[str]:
    names = {pair.partition("=")[0] for pair in environ.get("QUERY_STRING", "").split("&") if pair}
    return names - _PARAMETERS


def _token_of(environ: Mapping[str, Any], auth: object) -> str | None:
    """Return the token of the payload or of the header; None where none was given in a form that one may have."""
    given = auth.get("token") if isinstance(auth, dict) else None
    if given is None:
        scheme, _, credentials = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        given = credentials.strip(" ") if scheme.lower() == "bearer" else None
    return given if isinstance(given, str) and _TOKEN.fullmatch(given) else None
