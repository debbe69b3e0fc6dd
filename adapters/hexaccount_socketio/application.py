import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from hexaccount.observability.readiness import ReadinessReport
from hexaccount_socketio import refusals
from hexaccount_socketio.line import Receive, Scope, Send
from hexaccount_socketio.lines import deny
from hexaccount_socketio.polling import answer
from hexaccount_socketio.responses import Response, respond, response_of
from hexaccount_socketio.sockets import Sockets

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATH = "/socket.io"
_encode = msgspec.json.Encoder().encode
_JSON = b"application/json"
# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = b"text/plain; version=0.0.4; charset=utf-8"
_UP = _encode({"data": {"status": "up"}})
_NOT_FOUND = refusals.problem(
    404, "not_found", "there is nothing at this path but /socket.io/, /health, /ready and /metrics"
)
_NOT_ALLOWED = refusals.problem(405, "method_not_allowed", "this path takes GET, HEAD")


def create_application(
    sockets: Sockets, *, readiness: Callable[[], Awaitable[ReadinessReport]], metrics: Callable[[], bytes] | None = None
) -> Application:
    """Return the ASGI application: the sockets at `/socket.io/`, and what those ask who run the service beside them.

    `metrics` returns the figures of all processes, in the text format of Prometheus; None where there are none.
    """

    async def ready() -> Response:
        condition = await readiness()
        if condition.missing is not None:
            return response_of(refusals.problem(503, condition.missing.code, condition.missing.detail))
        degraded = {"degraded": condition.degraded} if condition.degraded else {}
        return _found(_encode({"data": {"status": "ready", **degraded}}), _JSON)

    async def beside(path: str, method: str) -> Response:
        if path not in {"/health", "/ready", "/metrics"} or (path == "/metrics" and metrics is None):
            return response_of(_NOT_FOUND)
        if method not in {"GET", "HEAD"}:
            status, headers, body = response_of(_NOT_ALLOWED)
            return status, [*headers, (b"allow", b"GET, HEAD")], body
        if path == "/metrics" and metrics is not None:
            return _found(await asyncio.to_thread(metrics), _TEXT_FORMAT)
        return await ready() if path == "/ready" else _found(_UP, _JSON)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["path"].rstrip("/") == _PATH
        if scope["type"] == "websocket":
            await (sockets.serve if ours else _refuse_path)(scope, receive, send)
        elif ours:
            await respond(send, answer(scope, sockets.cors_origins))
        else:
            status, headers, body = await beside(scope["path"], scope["method"])
            await respond(send, (status, headers, b"" if scope["method"] == "HEAD" else body))

    return application


def _found(body: bytes, kind: bytes) -> Response:
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    return 200, headers, body


async def _refuse_path(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await deny(send, _NOT_FOUND)
