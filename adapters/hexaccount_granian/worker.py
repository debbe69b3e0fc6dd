from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from hexaccount_granian.client_address import ClientAddresses
from hexaccount_granian.thread_pool import ThreadPoolSize
from hexaccount_granian.worker_load import WorkerLoad

# PEP 3333 types `environ` as a dictionary of anything, and `start_response` as a callable of three forms.
WsgiApplication: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]


class ErrorRenderer(Protocol):
    """Renders the response to a request that never reached the WSGI application, or that it failed to answer.

    The codes are: `malformed_request` (400), `body_too_slow` (408), `body_too_large` (413), `internal_error` (500),
    `overloaded` and `deadline_exceeded` (503). It is called from the event loop and from threads, and must be fast.
    """

    def __call__(
        self, status: int, code: str, detail: str, *, origin: str | None
    ) -> tuple[Sequence[tuple[str, str]], bytes]:
        """Return headers and body for a request with this Origin; the caller adds Content-Length and Connection."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What one worker process serves over WSGI.

    `request_class_of` maps a method and a decoded path to a key of `thread_pools`; it runs on the event loop and must
    be fast. `close` is called once, after the last request. `max_body` is in bytes, `body_timeout` and `deadline` in
    seconds. `deadline` starts when the request is complete: then the client gets a 503, while the thread works on.
    `client_addresses` tells whose requests and connections count together: each network has its turns and its share.
    `on_refused` gets action, code and address of a client that finds no place in a queue, or has too many connections.
    """

    wsgi: WsgiApplication
    request_class_of: Callable[[str, str], str]
    thread_pools: Mapping[str, ThreadPoolSize]
    render_error: ErrorRenderer
    close: Callable[[], None] = lambda: None
    max_body: int = 65_536
    body_timeout: float = 10.0
    deadline: float = 30.0
    on_refused: Callable[[str, str, str], None] = lambda *_: None
    client_addresses: ClientAddresses = field(default_factory=lambda: ClientAddresses([]))
    load: WorkerLoad = field(default_factory=WorkerLoad)
