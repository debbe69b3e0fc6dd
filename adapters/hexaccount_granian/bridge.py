import asyncio
import logging
from collections.abc import Callable, Sequence

from hexaccount.kernel.network import wide_network_of
from hexaccount_granian.body import has_body, read_body
from hexaccount_granian.deadlines import Deadlines
from hexaccount_granian.environ import build_environ, split_address
from hexaccount_granian.errors import RequestRejected
from hexaccount_granian.pending_response import PendingResponse
from hexaccount_granian.rsgi import HTTPProtocol, Scope
from hexaccount_granian.thread_pool import Job, ThreadPool
from hexaccount_granian.worker import Worker
from hexaccount_granian.worker_load import WorkerLoad
from hexaccount_granian.wsgi_call import Response, call_wsgi

_logger = logging.getLogger(__name__)


class WsgiBridge:
    """An RSGI application that runs a WSGI one: the loop reads the request, a thread of its class answers it.

    `make_worker` is called in the process that serves, when its loop exists.
    """

    def __init__(self, make_worker: Callable[[], Worker]) -> None:
        self._make_worker = make_worker
        self._worker: Worker
        self._loop: asyncio.AbstractEventLoop
        self._deadlines: Deadlines
        self._pools: dict[str, ThreadPool] = {}
        self._load: WorkerLoad

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._worker = self._make_worker()
        self._deadlines = Deadlines(loop, self._worker.deadline, self._reject_expired)
        self._pools = {name: ThreadPool(name, size) for name, size in self._worker.thread_pools.items()}
        self._load = self._worker.load
        self._load.pools = self._pools

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        for pool in self._pools.values():
            pool.close()
        self._worker.close()

    async def __rsgi__(self, scope: Scope, protocol: HTTPProtocol) -> None:
        self._load.in_flight += 1
        try:
            await self._answer(scope, protocol)
        finally:
            self._load.in_flight -= 1

    async def _answer(self, scope: Scope, protocol: HTTPProtocol) -> None:
        pending = PendingResponse(scope, protocol, self._loop)
        try:
            await self._submit(pending, scope, protocol)
        except Exception as error:  # noqa: BLE001 - _reject logs whatever is not a RequestRejected
            self._reject(pending, error)
            return
        self._deadlines.start(pending)
        # granian takes the connection back when this coroutine returns.
        await pending.sent
        self._deadlines.stop(pending)

    async def _submit(self, pending: PendingResponse, scope: Scope, protocol: HTTPProtocol) -> None:
        worker = self._worker
        headers, body = scope.headers, b""
        if has_body(headers):
            body = await read_body(headers, protocol, limit=worker.max_body, seconds=worker.body_timeout)
        pool = self._pools[worker.request_class_of(scope.method, scope.path)]
        client = self._client(scope)
        run, refuse = lambda: self._run(pending, scope, body), lambda: self._refuse(pending, client)
        pool.submit(Job(wide_network_of(client) or client, run, refuse))

    def _client(self, scope: Scope) -> str:
        peer, _ = split_address(scope.client)
        addresses = self._worker.client_addresses
        if not addresses.is_trusted(peer):
            return peer
        return addresses.client_of(peer, ",".join(v for name, v in scope.headers.items() if name == "x-forwarded-for"))

    def _run(self, pending: PendingResponse, scope: Scope, body: bytes) -> None:
        # The client already got a 503 if the request waited past its deadline.
        if pending.answered:
            return
        try:
            response = call_wsgi(self._worker.wsgi, build_environ(scope, body))
        except BaseException as error:  # noqa: BLE001 - a SystemExit is a 500 too; _reject logs it
            self._reject(pending, error)
        else:
            pending.send(response)

    def _refuse(self, pending: PendingResponse, client: str) -> None:
        self._worker.on_refused("request", "overloaded", client)
        detail = "too many requests of this kind are waiting; try again shortly"
        self._reject(pending, RequestRejected(503, "overloaded", detail))

    def _reject_expired(self, pending: PendingResponse) -> None:
        detail = f"the request was not done within {self._worker.deadline:g} seconds"
        self._reject(pending, RequestRejected(503, "deadline_exceeded", detail))

    def _reject(self, pending: PendingResponse, error: BaseException) -> None:
        if not isinstance(error, RequestRejected):
            _logger.error("a request failed", exc_info=error)
            error = RequestRejected(500, "internal_error", "the service failed; it is not the fault of the request")
        headers, body = self._render(error, pending.origin)
        closing = [("connection", "close")] if error.close_connection else []
        pending.send(Response(error.status, [*headers, *closing], body))

    def _render(self, error: RequestRejected, origin: str | None) -> tuple[Sequence[tuple[str, str]], bytes]:
        try:
            return self._worker.render_error(error.status, error.code, error.detail, origin=origin)
        except Exception:  # the renderer is foreign code, and the client must get a response
            _logger.exception("an error response could not be rendered")
            return [], b""
