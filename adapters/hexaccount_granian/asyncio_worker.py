import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AsyncioWorker:
    """What one worker process serves by itself, on an event loop.

    `start` gets a bound socket, on which it begins to listen, and the number of connections that the process has files
    for. `drain` closes long-lived connections, such as WebSockets, when the shutdown begins; new ones are accepted
    until `stop`. `close` runs once, in a thread, at the end.
    """

    start: Callable[[socket.socket, int], Awaitable[None]]
    drain: Callable[[], Awaitable[None]]
    stop: Callable[[], Awaitable[None]]
    close: Callable[[], None]
