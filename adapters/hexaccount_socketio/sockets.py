import asyncio
import logging
import math
import re
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar
from uuid import UUID

import socketio

from hexaccount.application.admit_request import AdmitRequest
from hexaccount.application.authenticate import Authenticate, Caller
from hexaccount.application.bus import Bus
from hexaccount.application.client_address import ClientAddresses
from hexaccount.application.cloud_event import structured
from hexaccount.application.journal_entry import JournalEntry
from hexaccount.application.measures import SOCKETS, SOCKETS_WATCHING
from hexaccount.application.messages import Message
from hexaccount.application.ports.metrics import NO_METRICS, Metrics
from hexaccount.domain.errors import NotAuthenticated
from hexaccount.domain.events import (
    ProfileCreated,
    ProfileUpdated,
    SessionKept,
    SessionOpened,
    SessionRefreshed,
    UserRegistered,
)
from hexaccount.domain.permission import Permission
from hexaccount_socketio import refusals
from hexaccount_socketio.frames import LONGEST
from hexaccount_socketio.refusals import Problem, problem_of

R = TypeVar("R")

WATCHING = Permission.READ_USERS
"""What it takes to hear of all accounts."""

_MOST_OF_A_SESSION = 20
_MOST_WAITING = 1000
_THREADS = 4
_LOOK_EVERY = 1.0
_CHECK_EVERY = 60.0
_COURTESY = 5.0
_FAREWELL = 2.0
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


@dataclass(slots=True, kw_only=True)
class _Socket:
    """One connection: by which token it came, and when that and the session were last looked at."""

    token: str = field(repr=False)
    user_id: UUID
    session_id: UUID
    expires_at: float
    checked_at: float


class Sockets:
    """The sockets of one worker process, and what is told to each.

    What asks the store runs in threads, and the event loop never waits for it. `now` gives seconds since 1970.
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
        self._bus = bus
        self._addresses = addresses
        self._draining = draining
        self._now = now
        self._sockets: dict[str, _Socket] = {}
        self._of_user: defaultdict[UUID, set[str]] = defaultdict(set)
        self._watching: set[str] = set()
        self._strangers: dict[str, float] = {}
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="sockets")
        metrics.ask(SOCKETS, lambda: len(self._sockets))
        metrics.ask(SOCKETS_WATCHING, lambda: len(self._watching))
        self.server = socketio.AsyncServer(
            async_mode="asgi",
            transports=["websocket"],
            cors_allowed_origins=list(cors_origins) or None,
            max_http_buffer_size=LONGEST,
            ping_interval=25,
            ping_timeout=20,
            logger=_DRIVER_LOG,
            engineio_logger=_DRIVER_LOG,
        )
        for event, handler in {
            "connect": self._connect,
            "disconnect": self._disconnect,
            "watch": self._watch,
            "unwatch": self._unwatch,
        }.items():
            self.server.on(event, handler)

    async def tell(self, entries: Iterable[JournalEntry]) -> None:
        """Tell of events those whom they concern, and send away whose session they have ended."""
        suspects = set()
        for entry in entries:
            told = structured(entry)
            for sid in self._watching | self._of_user.get(entry.subject, set()):
                await self._send(sid, entry.type, told)
            if entry.type not in _HARMLESS:
                suspects.add(entry.subject)
        for user_id in suspects:
            await self._check(self._of_user.get(user_id, ()))

    async def look_after(self) -> None:
        """Send away whose token expires, and look at every session once a minute, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_EVERY)
            try:
                await self._look()
            except Exception:  # noqa: BLE001 - the next look must come all the same
                _log.exception("the sockets could not be looked after")

    async def close(self) -> None:
        """Send everybody away, give them a moment to hear of it, and let go of the threads."""
        for sid in list(self._sockets):
            await self._send_away(sid, refusals.DRAINING)
        over = time.monotonic() + _FAREWELL
        while self.server.eio.sockets and time.monotonic() < over:
            await asyncio.sleep(0.01)
        self._threads.shutdown(wait=False)

    async def _look(self) -> None:
        now = self._now()
        for sid in [sid for sid, socket in self._sockets.items() if socket.expires_at <= now]:
            await self._send_away(sid, refusals.TOKEN_EXPIRED)
        await self._check(sid for sid, socket in self._sockets.items() if socket.checked_at + _CHECK_EVERY <= now)
        await self._close_strangers(now)

    async def _close_strangers(self, now: float) -> None:
        """Close connections without a socket, whose clients have shown no token, or stay though they were sent away."""
        known = {self.server.manager.eio_sid_from_sid(sid, "/") for sid in self._sockets}
        connections = dict(self.server.eio.sockets)
        self._strangers = {each: self._strangers.get(each, now) for each in connections if each not in known}
        for each, since in self._strangers.items():
            if since + _COURTESY <= now:
                await connections[each].close(wait=False)

    async def _connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        if self._draining():
            raise _refused(refusals.DRAINING)
        if _further_parameters(environ):
            raise _refused(refusals.TOKEN_IN_QUERY)
        token = _token_of(environ, auth)
        if token is None:
            raise _refused(refusals.NO_TOKEN)
        try:
            await self._ask(AdmitRequest(policy="sockets", client_address=self._client_of(environ)))
            caller = await self._authenticate(token)
        except Exception as error:  # noqa: BLE001 - it is told
            raise _refused(_told(error)) from None
        there = self._of_user[caller.user.id]
        if sum(self._sockets[other].session_id == caller.session_id for other in there) >= _MOST_OF_A_SESSION:
            raise _refused(refusals.TOO_MANY_SOCKETS)
        there.add(sid)
        self._sockets[sid] = _Socket(
            token=token,
            user_id=caller.user.id,
            session_id=caller.session_id,
            expires_at=caller.expires_at.timestamp(),
            checked_at=-math.inf,  # the session may have ended since, and its event been told
        )

    async def _disconnect(self, sid: str, _reason: object = None) -> None:
        self._forget(sid)

    async def _watch(self, sid: str, *_: object) -> Problem | None:
        """Let an admin hear of all accounts; the acknowledgement is nothing, or the problem."""
        socket = self._sockets.get(sid)
        if socket is None:
            return refusals.NO_TOKEN
        try:
            caller = await self._authenticate(socket.token)
        except Exception as error:  # noqa: BLE001 - it is told
            return _told(error)
        if WATCHING not in caller.permissions:
            return refusals.not_permitted(WATCHING)
        self._watching.add(sid)
        return None

    async def _unwatch(self, sid: str, *_: object) -> None:
        self._watching.discard(sid)

    async def _check(self, sids: Iterable[str]) -> None:
        await asyncio.gather(*(self._check_one(sid) for sid in list(sids)))

    async def _check_one(self, sid: str) -> None:
        """Send a socket away whose session is dead; while nobody knows, it stays and is looked at again."""
        socket = self._sockets.get(sid)
        if socket is None:
            return
        socket.checked_at = self._now()
        try:
            caller = await self._authenticate(socket.token)
        except NotAuthenticated as error:
            await self._send_away(sid, problem_of(error))
        except Exception as error:  # noqa: BLE001 - the next look may find out
            _told(error)
        else:
            if sid in self._watching and WATCHING not in caller.permissions:
                self._watching.discard(sid)
                await self._send(sid, "unwatched", refusals.not_permitted(WATCHING))

    async def _send(self, sid: str, event: str, told: object) -> None:
        connection = self.server.eio.sockets.get(self.server.manager.eio_sid_from_sid(sid, "/"))
        if connection is not None and connection.queue.qsize() > _MOST_WAITING:
            # What a client does not take waits in memory.
            await self._send_away(sid, refusals.TOO_SLOW)
            await connection.close(wait=False, abort=True)
        else:
            await self.server.emit(event, told, to=sid)

    async def _send_away(self, sid: str, why: Problem) -> None:
        if self._forget(sid):
            await self.server.emit("disconnecting", why, to=sid)
            await self.server.disconnect(sid)

    def _forget(self, sid: str) -> bool:
        """Tell this socket nothing any more; return whether it was told anything before."""
        socket = self._sockets.pop(sid, None)
        if socket is None:
            return False
        self._watching.discard(sid)
        there = self._of_user[socket.user_id]
        there.discard(sid)
        if not there:
            del self._of_user[socket.user_id]
        return True

    def _client_of(self, environ: Mapping[str, Any]) -> str:
        peer = environ["asgi.scope"].get("client") or ("",)
        return self._addresses.client_of(str(peer[0]), environ.get("HTTP_X_FORWARDED_FOR", ""))

    async def _authenticate(self, token: str) -> Caller:
        return await self._ask(Authenticate(token=token))

    async def _ask(self, message: Message[R]) -> R:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._bus.handle, message)


def _refused(why: Problem) -> socketio.exceptions.ConnectionRefusedError:
    return socketio.exceptions.ConnectionRefusedError(why["detail"], why)


def _told(error: Exception) -> Problem:
    problem = problem_of(error)
    if problem is refusals.FAILURE:
        _log.error("a socket could not be looked at", exc_info=error)
    return problem


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
