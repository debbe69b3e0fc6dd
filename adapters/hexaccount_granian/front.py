import asyncio
import logging
from collections.abc import Callable, Sequence

from hexaccount_granian.body import has_body, read_body
from hexaccount_granian.deadlines import Deadlines
from hexaccount_granian.environ import build_environ
from hexaccount_granian.errors import Refused
from hexaccount_granian.exchange import Exchange
from hexaccount_granian.lanes import Lane
from hexaccount_granian.pressure import Pressure
from hexaccount_granian.rsgi import HttpProtocol, Scope
from hexaccount_granian.worker import Worker
from hexaccount_granian.wsgi_call import Answer, call_wsgi

_logger = logging.getLogger(__name__)


class Front:
    """An RSGI application in front of a WSGI one: the loop gathers the request, a thread of its lane answers it."""

    def __init__(self, load: Callable[[], Worker]) -> None:
        """Take what makes the worker; it is called in the process that serves, once its loop is there."""
        self._load = load
        self._worker: Worker
        self._loop: asyncio.AbstractEventLoop
        self._deadlines: Deadlines
        self._lanes: dict[str, Lane] = {}
        self._pressure: Pressure

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._worker = self._load()
        self._deadlines = Deadlines(loop, self._worker.deadline, self._give_up)
        self._lanes = {name: Lane(name, size.threads, size.backlog) for name, size in self._worker.lanes.items()}
        self._pressure = self._worker.pressure
        self._pressure.lanes = self._lanes

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        for lane in self._lanes.values():
            lane.close()
        self._worker.close()

    async def __rsgi__(self, scope: Scope, protocol: HttpProtocol) -> None:
        """Answer one request."""
        self._pressure.in_flight += 1
        try:
            await self._answer(scope, protocol)
        finally:
            self._pressure.in_flight -= 1

    async def _answer(self, scope: Scope, protocol: HttpProtocol) -> None:
        exchange = Exchange(scope.method, protocol, self._loop)
        try:
            await self._hand_over(exchange, scope, protocol)
        except Exception as error:  # noqa: BLE001 - logged by _refuse where it is not a refusal
            self._refuse(exchange, error)
            return
        self._deadlines.start(exchange)
        # granian takes the connection back when this returns.
        await exchange.sent
        self._deadlines.stop(exchange)

    async def _hand_over(self, exchange: Exchange, scope: Scope, protocol: HttpProtocol) -> None:
        worker = self._worker
        headers, body = scope.headers, b""
        if has_body(headers):
            body = await read_body(headers, protocol, limit=worker.max_body, seconds=worker.body_timeout)
        lane = self._lanes[worker.lane_of(scope.method, scope.path)]
        if not lane.submit(lambda: self._work(exchange, scope, body)):
            raise Refused(503, "overloaded", "too many requests of this kind are waiting; try again shortly")

    def _work(self, exchange: Exchange, scope: Scope, body: bytes) -> None:
        # Nobody waits any more for what stood in the queue past its deadline.
        if exchange.answered:
            return
        try:
            answer = call_wsgi(self._worker.wsgi, build_environ(scope, body))
        except BaseException as error:  # noqa: BLE001 - a SystemExit is an answer of 500 too; logged by _refuse
            self._refuse(exchange, error)
        else:
            exchange.answer(answer)

    def _give_up(self, exchange: Exchange) -> None:
        detail = f"the request was not done within {self._worker.deadline:g} seconds"
        self._refuse(exchange, Refused(503, "deadline_exceeded", detail))

    def _refuse(self, exchange: Exchange, error: BaseException) -> None:
        if not isinstance(error, Refused):
            _logger.error("a request failed", exc_info=error)
            error = Refused(500, "internal_error", "the service failed; it is not the fault of the request")
        headers, body = self._render(error)
        closing = [("connection", "close")] if error.ends_connection else []
        exchange.answer(Answer(error.status, [*headers, *closing], body))

    def _render(self, refused: Refused) -> tuple[Sequence[tuple[str, str]], bytes]:
        try:
            return self._worker.refusal(refused.status, refused.code, refused.detail)
        except Exception:  # whoever renders is not ours, and the client must get an answer
            _logger.exception("a refusal could not be rendered")
            return [], b""
