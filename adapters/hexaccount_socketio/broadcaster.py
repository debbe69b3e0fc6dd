import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from socketio.packet import EVENT, Packet

from hexaccount.events.cloud_event import structured
from hexaccount.events.journal_entry import JournalEntry
from hexaccount_socketio.connection_registry import ConnectionRegistry, Socket

# Engine.IO's prefix of a message, before Socket.IO's packet.
_MESSAGE = "4"
_BATCH = 50
_CATCH_UP_SECONDS = 0.2
_POLL_SECONDS = 0.005
_MAX_BACKLOG = 2_000
_log = logging.getLogger("hexaccount.realtime")


class Broadcaster:
    """Sends events to the sockets that they concern.

    Enqueueing never blocks on slow clients. After each batch there is a pause in which congested clients may catch
    up. There is none while the backlog is long: `too_slow` is called for a socket whose queue then overflows.
    """

    def __init__(self, registry: ConnectionRegistry, *, too_slow: Callable[[Socket], Awaitable[None]]) -> None:
        self._registry = registry
        self._too_slow = too_slow
        self._backlog: deque[JournalEntry] = deque()
        self._task: asyncio.Task[None] | None = None

    def enqueue(self, entries: Iterable[JournalEntry]) -> None:
        if self._registry.sockets:
            self._backlog.extend(entries)
        if self._backlog and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._broadcast())

    async def _broadcast(self) -> None:
        try:
            while self._backlog:
                reached: set[Socket] = set()
                for _ in range(min(_BATCH, len(self._backlog))):
                    await self._send(self._backlog.popleft(), reached)
                await self._let_catch_up(reached)
        finally:
            self._task = None

    async def _send(self, entry: JournalEntry, reached: set[Socket]) -> None:
        try:
            recipients = list(self._registry.recipients(entry.subject))
            packet = packet_of(entry.type, structured(entry)) if recipients else ""
            for socket in recipients:
                if not socket.connection.enqueue(packet, foreign=socket.user_id != entry.subject):
                    await self._too_slow(socket)
            reached.update(recipients)
        except Exception:  # noqa: BLE001 - the next event must be sent all the same
            _log.exception("an event was not sent to sockets")
        await asyncio.sleep(0)

    async def _let_catch_up(self, reached: set[Socket]) -> None:
        loop = asyncio.get_running_loop()
        latest = loop.time() + _CATCH_UP_SECONDS
        congested = [socket.connection for socket in reached if socket.connection.is_congested]
        while congested and loop.time() < latest and len(self._backlog) < _MAX_BACKLOG:
            await asyncio.sleep(_POLL_SECONDS)
            congested = [connection for connection in congested if connection.is_congested]
        for connection in congested:
            connection.ignore_congestion()


def packet_of(event: str, data: object) -> str:
    """Return the packet of an event, which all its recipients share."""
    return f"{_MESSAGE}{Packet(EVENT, data=[event, data]).encode()}"
