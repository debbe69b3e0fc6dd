import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

from hexaccount_socketio.asgi import Receive, Send
from hexaccount_socketio.event_queue import EventQueue
from hexaccount_socketio.interruptible import Interruptible
from hexaccount_socketio.packets import is_allowed

R = TypeVar("R")

CLOSE_TIMEOUT = 2.0
"""Seconds that a client has to read the last messages."""

POLICY_VIOLATION = 1008
"""The WebSocket close code for a message that is not allowed."""


class Connection:
    """One WebSocket, placed between granian and python-socketio. To be used on one event loop.

    It rejects packets that are not allowed, and can be ended at any time. It queues events itself: the queue of
    python-socketio is unbounded, and its contents can be neither held back nor dropped.
    """

    def __init__(self, receive: Receive, send: Send, *, unauthenticated_since: float) -> None:
        self.unauthenticated_since = unauthenticated_since
        self.authenticating = False
        self.attempts = 0
        self._receive = receive
        self._send = send
        self._opened = False
        self._accepted = False
        self._held = True
        self._ended = False
        self._close = {"code": 1000, "reason": ""}
        self.events = EventQueue()
        self._progressing = True
        self._sender: asyncio.Task[None] | None = None
        self._send_lock = asyncio.Lock()
        self._idle = asyncio.Event()
        self._idle.set()
        self._until_end = Interruptible()
        self._until_cut = Interruptible()

    async def receive(self) -> Mapping[str, Any]:
        """Return the client's next message; an invalid packet counts as a disconnect."""
        if not self._opened:  # `websocket.connect`, which is the server's own message
            self._opened = True
            return await self._receive()
        try:
            message = await self.while_open(self._next())
        except TimeoutError:
            return {"type": "websocket.disconnect", "code": self._close["code"]}
        if message["type"] == "websocket.receive" and not is_allowed(message.get("text") or ""):
            self.end(POLICY_VIOLATION, "this packet is not allowed")
            return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
        return message

    async def send(self, message: Mapping[str, Any]) -> None:
        """Send a message of python-socketio."""
        if message["type"] == "websocket.close":
            message = {**message, **self._close}
        await self._write(message)
        if (message.get("text") or "").startswith("40"):
            self._accepted = True
            self._start_sender()

    async def while_open(self, awaitable: Awaitable[R], *, seconds: float | None = None) -> R:
        """Wait; raises TimeoutError after `seconds`, or when the connection ends."""
        return await self._until_end.wait(awaitable, seconds=seconds)

    def enqueue(self, packet: str, *, foreign: bool = False) -> bool:
        """Queue an event, `foreign` if it belongs to another account; return False if the queue is full."""
        if self._ended:
            return True
        added = self.events.add(packet, foreign=foreign)
        self._start_sender()
        return added

    @property
    def is_congested(self) -> bool:
        """Whether the queue is half full and the client goes on reading."""
        return self._progressing and self.events.is_half_full

    def ignore_congestion(self) -> None:
        """Do not count as congested until the client has read something."""
        self._progressing = False

    def hold(self) -> None:
        """Send no events until `release`."""
        self._held = True

    def release(self) -> None:
        self._held = False
        self._start_sender()

    def end(self, code: int = 1000, reason: str = "", *, within: float | None = None) -> None:
        """Drop the queued events, let python-socketio send its last messages, and close.

        After `within` seconds, CLOSE_TIMEOUT by default, the connection is cut.
        """
        if not self._ended:
            self._ended = True
            self._close = {"code": code, "reason": reason}
            self.events.clear()
            self._until_end.interrupt()
            delay = CLOSE_TIMEOUT if within is None else within
            asyncio.get_running_loop().call_later(delay, self._until_cut.interrupt)

    async def _next(self) -> Mapping[str, Any]:
        # Read no further request from a client that does not read the responses.
        await self._idle.wait()
        return await self._receive()

    async def _write(self, message: Mapping[str, Any]) -> None:
        async with self._send_lock:
            self._idle.clear()
            try:
                await self._until_cut.wait(self._send(message))
            finally:
                self._idle.set()
        self._progressing = True

    def _start_sender(self) -> None:
        if self._sender is None and self._may_send():
            self._sender = asyncio.get_running_loop().create_task(self._send_events())

    def _may_send(self) -> bool:
        return bool(self.events) and self._accepted and not self._held and not self._ended

    async def _send_events(self) -> None:
        try:
            while self._may_send():
                await self._write({"type": "websocket.send", "text": self.events.pop()})
        except Exception:  # noqa: BLE001 - whatever granian raises, the connection is lost, as python-socketio notices
            self.events.clear()
        finally:
            self._sender = None
