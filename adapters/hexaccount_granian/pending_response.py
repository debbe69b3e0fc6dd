import asyncio
import threading

from hexaccount_granian.rsgi import HTTPProtocol, Scope
from hexaccount_granian.wsgi_call import Response

_WITHOUT_BODY = frozenset({204, 304})


class PendingResponse:
    """The response that a request waits for; the first of a thread's answer and the loop's time-out is sent.

    To be created on the loop. `sent` is done, on the loop, when granian has the response.
    """

    __slots__ = ("_claim", "_loop", "_protocol", "_scope", "sent")

    def __init__(self, scope: Scope, protocol: HTTPProtocol, loop: asyncio.AbstractEventLoop) -> None:
        self._scope = scope
        self._protocol = protocol
        self._loop = loop
        self.sent: asyncio.Future[None] = loop.create_future()
        self._claim = threading.Lock()

    @property
    def answered(self) -> bool:
        """Whether a response was sent, or is being sent."""
        return self._claim.locked()

    @property
    def origin(self) -> str | None:
        """The header Origin of the request."""
        origin: str | None = self._scope.headers.get("origin")
        return origin

    def send(self, response: Response) -> None:
        """Send the first response and drop any later one; may be called from any thread."""
        # Acquired and never released: an atomic test-and-set.
        if not self._claim.acquire(blocking=False):
            return
        try:
            self._give_to_granian(response)
        finally:
            try:  # noqa: SIM105 - suppress() is slow, and this runs for every request
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:
                pass  # The loop is closed: the process is ending, and no coroutine waits.

    def _give_to_granian(self, response: Response) -> None:
        if self._scope.method == "HEAD" or not response.body or response.status in _WITHOUT_BODY:
            self._protocol.response_empty(response.status, response.headers)
        else:
            self._protocol.response_bytes(response.status, response.headers, response.body)

    def _wake(self) -> None:
        if not self.sent.done():
            self.sent.set_result(None)
