import asyncio
import threading

from hexaccount_granian.rsgi import HttpProtocol
from hexaccount_granian.wsgi_call import Answer

_WITHOUT_BODY = frozenset({204, 304})


class Exchange:
    """One request, answered once, by whoever comes first: the thread that works on it or the loop that times it.

    `sent` is done, on the loop, once the answer has been given to granian.
    """

    __slots__ = ("_claim", "_loop", "_method", "_protocol", "sent")

    def __init__(self, method: str, protocol: HttpProtocol, loop: asyncio.AbstractEventLoop) -> None:
        """Take the method of the request, its connection, and the loop; to be called on the loop."""
        self._method = method
        self._protocol = protocol
        self._loop = loop
        self.sent: asyncio.Future[None] = loop.create_future()
        self._claim = threading.Lock()

    @property
    def answered(self) -> bool:
        """Whether somebody has answered, or is just doing so."""
        return self._claim.locked()

    def answer(self, answer: Answer) -> None:
        """Send `answer` unless there was one before, in which case it is dropped; to be called from any thread."""
        # Taken and never given back: an atomic test-and-set.
        if not self._claim.acquire(blocking=False):
            return
        try:
            self._send(answer)
        finally:
            try:  # noqa: SIM105 - suppress() is slow, and this is done for every request
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:
                pass  # The loop is closed: the process is ending, and nobody waits.

    def _send(self, answer: Answer) -> None:
        if self._method == "HEAD" or not answer.body or answer.status in _WITHOUT_BODY:
            self._protocol.response_empty(answer.status, answer.headers)
        else:
            self._protocol.response_bytes(answer.status, answer.headers, answer.body)

    def _wake(self) -> None:
        if not self.sent.done():
            self.sent.set_result(None)
