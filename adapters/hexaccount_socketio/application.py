import asyncio
from collections.abc import Awaitable, Callable

import msgspec

from hexaccount.observability.readiness import ReadinessReport
from hexaccount_socketio.asgi import Application, Receive, Scope, Send
from hexaccount_socketio.polling import polling_response
from hexaccount_socketio.problems import problem
from hexaccount_socketio.responses import Response, deny, problem_response, respond, response_of
from hexaccount_socketio.socket_server import SocketServer

_PATH = "/socket.io"
_encode = msgspec.json.Encoder().encode
_JSON = b"application/json"
# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = b"text/plain; version=0.0.4; charset=utf-8"
_UP = _encode({"data": {"status": "up"}})
_NOT_FOUND = problem(404, "not_found", "there is nothing at this path but /socket.io/, /health, /ready and /metrics")
_NOT_ALLOWED = problem(405, "method_not_allowed", "this path takes GET, HEAD")


def create_application(
    server: SocketServer,
    *,
    readiness: Callable[[], Awaitable[ReadinessReport]],
    metrics: Callable[[], bytes] | None = None,
) -> Application:
    """Return the ASGI application: sockets at `/socket.io/`, and `/health`, `/ready` and `/metrics`.

    `metrics` returns the metrics of all processes in the text format of Prometheus; without it there is no `/metrics`.
    """

    async def ready() -> Response:
        condition = await readiness()
        if condition.failed is not None:
            return problem_response(problem(503, condition.failed.code, condition.failed.detail))
        degraded = {"degraded": condition.degraded} if condition.degraded else {}
        return response_of(200, _JSON, _encode({"data": {"status": "ready", **degraded}}))

    async def operational(path: str, method: str) -> Response:
        if path not in {"/health", "/ready", "/metrics"} or (path == "/metrics" and metrics is None):
            return problem_response(_NOT_FOUND)
        if method not in {"GET", "HEAD"}:
            return problem_response(_NOT_ALLOWED, (b"allow", b"GET, HEAD"))
        if path == "/metrics" and metrics is not None:
            return response_of(200, _TEXT_FORMAT, await asyncio.to_thread(metrics))
        return await ready() if path == "/ready" else response_of(200, _JSON, _UP)

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        is_socket_path = scope["path"].rstrip("/") == _PATH
        if scope["type"] == "websocket":
            await (server.serve if is_socket_path else _deny_path)(scope, receive, send)
        elif is_socket_path:
            await respond(send, polling_response(scope))
        else:
            status, headers, body = await operational(scope["path"], scope["method"])
            await respond(send, (status, headers, b"" if scope["method"] == "HEAD" else body))

    return application


async def _deny_path(_scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await deny(send, _NOT_FOUND)
