import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable

from socketio.packet import EVENT, Packet

from hexaccount.events.cloud_event import structured
from hexaccount.events.journal_entry import JournalEntry
from hexaccount_socketio.roll import Roll, Socket

# Engine.IO's mark of a message, before Socket.IO's packet.
_MESSAGE = "4"
_SLICE = 50
_PATIENCE = 0.2
_GLANCE = 0.005
_MANY = 2_000
_log = logging.getLogger("hexaccount.realtime")


class News:
    """What is to be told, and its way to those whom it concerns.

    Nobody who hands news in waits for those who take it. There is a pause after each few dozen while a client that is
    quick catches up; there is none when much is to be told, and those who then fall behind are too slow.
    """

    def __init__(self, roll: Roll, *, too_slow: Callable[[Socket], Awaitable[None]]) -> None:
        """Take who is connected, and what to do with a socket whose client takes events too slowly."""
        self._roll = roll
        self._too_slow = too_slow
        self._untold: deque[JournalEntry] = deque()
        self._telling: asyncio.Task[None] | None = None

    def add(self, entries: Iterable[JournalEntry]) -> None:
        """Have events told, after those that were added before."""
        if self._roll.sockets:
            self._untold.extend(entries)
        if self._untold and self._telling is None:
            self._telling = asyncio.get_running_loop().create_task(self._tell())

    async def _tell(self) -> None:
        try:
            while self._untold:
                told: set[Socket] = set()
                for _ in range(min(_SLICE, len(self._untold))):
                    await self._tell_one(self._untold.popleft(), told)
                await self._let_catch_up(told)
        finally:
            self._telling = None

    async def _tell_one(self, entry: JournalEntry, told: set[Socket]) -> None:
        try:
            hearers = list(self._roll.hearers(entry.subject))
            packet = packet_of(entry.type, structured(entry)) if hearers else ""
            for socket in hearers:
                if not socket.line.tell(packet, foreign=socket.user_id != entry.subject):
                    await self._too_slow(socket)
            told.update(hearers)
        except Exception:  # noqa: BLE001 - others must hear of the next
            _log.exception("an event was not told")
        await asyncio.sleep(0)

    async def _let_catch_up(self, told: set[Socket]) -> None:
        loop = asyncio.get_running_loop()
        over = loop.time() + _PATIENCE
        crowded = [socket.line for socket in told if socket.line.is_crowded]
        while crowded and loop.time() < over and len(self._untold) < _MANY:
            await asyncio.sleep(_GLANCE)
            crowded = [line for line in crowded if line.is_crowded]
        for line in crowded:
            line.give_up_waiting()


def packet_of(event: str, told: object) -> str:
    """Return the text of a message that tells an event, once for all who hear it."""
    return f"{_MESSAGE}{Packet(EVENT, data=[event, told]).encode()}"
