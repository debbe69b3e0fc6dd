import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from hexaccount.application.readiness import Condition
from hexaccount_socketio import refusals
from hexaccount_socketio.line import Receive, Scope, Send
from hexaccount_socketio.lines import deny
from hexaccount_socketio.polling import answer
from hexaccount_socketio.responses import respond
from hexaccount_socketio.sockets import Sockets

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATH = "/socket.io"
_encode = msgspec.json.Encoder().encode
_JSON = "application/json"
# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_NOT_FOUND = refusals.problem(
    404, "not_found", "there is nothing at this path but /socket.io/, /health, /ready and /metrics"
)


def create_application(
    sockets: Sockets, *, readiness: Callable[[], Awaitable[Condition]], metrics: Callable[[], bytes] | None = None
) -> Application:
    """Return the ASGI application: the sockets at `/socket.io/`, and what those ask who run the service beside them.

    `metrics` returns the figures of all processes, in the text format of Prometheus; None where there are none.
    """

    async def beside(scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["path"] == "/metrics" and metrics is not None:
            status, body, kind = 200, await asyncio.to_thread(metrics), _TEXT_FORMAT
        else:
            status, body = await _answer(scope["path"])
            kind = _JSON if status == 200 else "application/problem+json"
        headers = [
            (b"content-type", kind.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
        ]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _answer(path: str) -> tuple[int, bytes]:
        if path == "/health":
            return 200, _encode({"data": {"status": "up"}})
        if path != "/ready":
            return 404, _encode(_NOT_FOUND)
        condition = await readiness()
        if condition.missing is not None:
            return 503, _encode(refusals.problem(503, condition.missing.code, condition.missing.detail))
        degraded = {"degraded": condition.degraded} if condition.degraded else {}
        return 200, _encode({"data": {"status": "ready", **degraded}})

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["path"].rstrip("/") == _PATH
        if scope["type"] == "websocket":
            await (sockets.serve if ours else _refuse_path)(scope, receive, send)
        elif ours:
            await respond(send, answer(scope, sockets.cors_origins))
        else:
            await beside(scope, receive, send)

    return application


async def _refuse_path(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await deny(send, _NOT_FOUND)
