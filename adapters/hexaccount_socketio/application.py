from collections.abc import Awaitable, Callable
from typing import TypeAlias

import msgspec

from hexaccount.application.ports.store import SchemaMismatch
from hexaccount.application.ports.unit_of_work import StoreUnavailable
from hexaccount_socketio import refusals
from hexaccount_socketio.line import Receive, Scope, Send
from hexaccount_socketio.lines import deny
from hexaccount_socketio.polling import answer
from hexaccount_socketio.responses import respond
from hexaccount_socketio.sockets import Sockets

Application: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]

_PATH = "/socket.io"
_encode = msgspec.json.Encoder().encode
_NOT_FOUND = refusals.problem(404, "not_found", "there is nothing at this path but /socket.io/, /health and /ready")


def create_application(
    sockets: Sockets, *, readiness: Callable[[], Awaitable[None]], draining: Callable[[], bool]
) -> Application:
    """Return the ASGI application: the sockets at `/socket.io/`, and whether it lives and is ready beside them."""

    async def beside(scope: Scope, _receive: Receive, send: Send) -> None:
        status, body = await _answer(scope["path"])
        kind = b"application/json" if status == 200 else b"application/problem+json"
        headers = [
            (b"content-type", kind),
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
        if draining():
            return 503, _encode(refusals.DRAINING)
        try:
            await readiness()
        except (StoreUnavailable, SchemaMismatch):
            return 503, _encode(refusals.UNAVAILABLE)
        return 200, _encode({"data": {"status": "ready"}})

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
