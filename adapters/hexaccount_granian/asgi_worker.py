from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Receive: TypeAlias = Callable[[], Awaitable[Mapping[str, Any]]]
Send: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[None]]
AsgiApplication: TypeAlias = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AsgiWorker:
    """What one worker process serves over ASGI, made in it by the loader.

    `start` is called on the event loop before the first connection. `drain` ends what stays open by itself, such as
    WebSockets, as soon as the service is about to stop; `close` is called once, after the last request, in a thread.
    """

    application: AsgiApplication
    start: Callable[[], Awaitable[None]]
    drain: Callable[[], Awaitable[None]]
    close: Callable[[], None]
