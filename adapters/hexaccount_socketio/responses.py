from typing import TypeAlias

import msgspec

from hexaccount_socketio.line import Send
from hexaccount_socketio.refusals import Problem

Response: TypeAlias = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body."""

_encode = msgspec.json.Encoder().encode


def response_of(problem: Problem) -> Response:
    """Return what tells a problem over HTTP."""
    body = _encode(problem)
    headers = [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if "retry_after" in problem:
        headers.append((b"retry-after", str(problem["retry_after"]).encode()))
    return int(problem["status"]), headers, body


async def respond(send: Send, response: Response, *, kind: str = "http.response") -> None:
    """Send a response by ASGI, in the messages of HTTP or those by which a WebSocket is refused."""
    status, headers, body = response
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
