import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, TypeAlias, TypeVar

from hexaccount_socketio.frames import is_admissible

R = TypeVar("R")
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]

MOST_WAITING = 100
MOST_BYTES = 256 * 1024
"""How many events, and bytes of them, may wait for a client that takes them slowly."""

FAREWELL = 2.0
"""How many seconds a client has to take what is said in the end."""

POLICY_VIOLATION = 1008
"""The code of WebSockets for a message that may not come."""


class Line:
    """One WebSocket, as the driver sees it: it takes no more than may come, keeps little, and ends when it is told to.

    Events wait here and not in the driver, whose queue nobody bounds, so that they can be held back and forgotten. To
    be used on one event loop.
    """

    def __init__(self, receive: Receive, send: Send, *, since: float) -> None:
        """Take ASGI's functions, and when the courtesy towards a stranger began."""
        self.since = since
        self.deciding = False
        self.asked = 0
        self._receive = receive
        self._send = send
        self._begun = False
        self._introduced = False
        self._held = True
        self._ended = False
        self._cut = False
        self._close = {"code": 1000, "reason": ""}
        self._waiting: deque[tuple[str, bool]] = deque()
        self._bytes = 0
        self._progress = True
        self._pumping: asyncio.Task[None] | None = None
        self._turn = asyncio.Lock()
        self._clear = asyncio.Event()
        self._clear.set()
        self._while_open: set[asyncio.Timeout] = set()
        self._writing: set[asyncio.Timeout] = set()

    async def receive(self) -> Mapping[str, Any]:
        """Return the client's next message, or the end of the connection, which one that may not come is, too."""
        if not self._begun:  # the server's own message, that there is a connection
            self._begun = True
            return await self._receive()
        try:
            message = await self.while_open(self._next())
        except TimeoutError:
            return {"type": "websocket.disconnect", "code": self._close["code"]}
        if message["type"] == "websocket.receive" and not is_admissible(message.get("text") or ""):
            self.end(POLICY_VIOLATION, "this packet may not come")
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send what the driver has to say."""
        if message["type"] == "websocket.close":
            message = {**message, **self._close}
        await self._out(message)
        if (message.get("text") or "").startswith("40"):
            self._introduced = True
            self._pump_on()

    async def while_open(self, awaited: Awaitable[R], *, seconds: float | None = None) -> R:
        """Wait for something; raises TimeoutError when the line ends before, or the seconds do."""
        return await _within(self._while_open, seconds, awaited, over=self._ended)

    def tell(self, packet: str, *, foreign: bool = False) -> bool:
        """Have an event sent when its turn comes, maybe of somebody else; return whether there was room for it."""
        if self._ended:
            return True
        if len(self._waiting) >= MOST_WAITING or self._bytes + len(packet) > MOST_BYTES:
            return False
        self._waiting.append((packet, foreign))
        self._bytes += len(packet)
        self._pump_on()
        return True

    @property
    def is_crowded(self) -> bool:
        """Whether half of the room is taken, by a client that goes on taking."""
        return self._progress and 2 * max(len(self._waiting) / MOST_WAITING, self._bytes / MOST_BYTES) > 1

    def give_up_waiting(self) -> None:
        """Take the line for no longer crowded until its client has taken something."""
        self._progress = False

    def hold(self) -> None:
        """Keep events back from now on."""
        self._held = True

    def forget_foreign(self) -> None:
        """Forget the events of somebody else that wait."""
        self._waiting = deque(each for each in self._waiting if not each[1])
        self._bytes = sum(len(packet) for packet, _ in self._waiting)

    def release(self) -> None:
        """Let events go out again."""
        self._held = False
        self._pump_on()

    def end(self, code: int = 1000, reason: str = "", *, within: float | None = None) -> None:
        """Forget the events that wait, have the driver say what else it has to say, and close.

        It has so many seconds, FAREWELL unless told.
        """
        if not self._ended:
            self._ended = True
            self._close = {"code": code, "reason": reason}
            self._forget()
            _end(self._while_open)
            asyncio.get_running_loop().call_later(FAREWELL if within is None else within, self._end_writing)

    async def _next(self) -> Mapping[str, Any]:
        # Who does not take answers is not asked for more that wants one.
        await self._clear.wait()
        return await self._receive()

    async def _out(self, message: Mapping[str, Any]) -> None:
        async with self._turn:
            self._clear.clear()
            try:
                await _within(self._writing, None, self._send(message), over=self._cut)
            finally:
                self._clear.set()
        self._progress = True

    def _pump_on(self) -> None:
        if self._pumping is None and self._may_send():
            self._pumping = asyncio.get_running_loop().create_task(self._pump())

    def _may_send(self) -> bool:
        return bool(self._waiting) and self._introduced and not self._held and not self._ended

    async def _pump(self) -> None:
        try:
            while self._may_send():
                packet, _ = self._waiting.popleft()
                self._bytes -= len(packet)
                await self._out({"type": "websocket.send", "text": packet})
        except Exception:  # noqa: BLE001 - whatever the server raises, the connection is gone, and the driver learns it
            self._forget()
        finally:
            self._pumping = None

    def _forget(self) -> None:
        self._waiting.clear()
        self._bytes = 0

    def _end_writing(self) -> None:
        self._cut = True
        _end(self._writing)


async def _within(limits: set[asyncio.Timeout], seconds: float | None, awaited: Awaitable[R], *, over: bool) -> R:
    """Wait for something, for as long as nobody ends the limit, which is one of `limits` meanwhile."""
    async with asyncio.timeout(0 if over else seconds) as limit:
        limits.add(limit)
        try:
            return await awaited
        finally:
            limits.discard(limit)


def _end(limits: set[asyncio.Timeout]) -> None:
    while limits:
        limits.pop().reschedule(0)
