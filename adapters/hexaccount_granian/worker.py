from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from hexaccount_granian.lanes import LaneSize
from hexaccount_granian.pressure import Pressure

# The environ and `start_response` are what PEP 3333 leaves them: a dictionary of anything, a callable of three forms.
WsgiApplication: TypeAlias = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Refusal(Protocol):
    """Renders the answer to a request that never reached the WSGI application, or that it failed to answer.

    The codes are: `malformed_request` (400), `body_too_slow` (408), `body_too_large` (413), `internal_error` (500),
    `overloaded` and `deadline_exceeded` (503). It is called from the event loop and from threads, and must be quick.
    """

    def __call__(self, status: int, code: str, detail: str) -> tuple[Sequence[tuple[str, str]], bytes]:
        """Return the headers and the body; the length and the end of the connection are seen to."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """What one worker process serves, made in it by the loader.

    `lane_of` takes a method and a decoded path and names one of `lanes`; it runs on the event loop and must be quick.
    `close` is called once, after the last request. `deadline` counts from the moment the request is whole: after so
    many seconds its client gets a 503, though the thread, which nobody can stop, works on. `pressure` says at any time
    how much there is to do.
    """

    wsgi: WsgiApplication
    lane_of: Callable[[str, str], str]
    lanes: Mapping[str, LaneSize]
    refusal: Refusal
    close: Callable[[], None] = lambda: None
    max_body: int = 65_536
    body_timeout: float = 10.0
    deadline: float = 30.0
    pressure: Pressure = field(default_factory=Pressure)
