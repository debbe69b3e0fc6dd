from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
AsgiApplication: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AsgiWorker:
    """What one worker process serves over ASGI.

    `start` runs on the event loop before the first connection. `drain` closes long-lived connections, such as
    WebSockets, when the shutdown begins. `close` runs once, in a thread, after the last request.
    """

    application: AsgiApplication
    start: Callable[[], Awaitable[None]]
    drain: Callable[[], Awaitable[None]]
    close: Callable[[], None]
