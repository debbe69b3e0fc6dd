from collections.abc import Sequence
from typing import TypeAlias

import msgspec

from hexaccount_socketio.asgi import Send
from hexaccount_socketio.problems import Problem

Response: TypeAlias = tuple[int, list[tuple[bytes, bytes]], bytes]
"""Status, headers and body."""

_encode = msgspec.json.Encoder().encode


def response_of(status: int, media_type: bytes, body: bytes, *headers: tuple[bytes, bytes]) -> Response:
    """Return a response that no cache may store."""
    always = [
        (b"content-type", media_type),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    return status, [*always, *headers], body


def problem_response(problem: Problem, *headers: tuple[bytes, bytes]) -> Response:
    """Return a problem as an HTTP response."""
    if "retry_after" in problem:
        headers = (*headers, (b"retry-after", str(problem["retry_after"]).encode()))
    return response_of(int(problem["status"]), b"application/problem+json", _encode(problem), *headers)


def with_headers(response: Response, headers: Sequence[tuple[str, str]]) -> Response:
    """Return a response with further headers, of which it keeps those that it has."""
    status, present, body = response
    names = {name for name, _ in present}
    further = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    return status, [*present, *(header for header in further if header[0] not in names)], body


async def deny(send: Send, problem: Problem) -> None:
    """Deny a WebSocket during its handshake."""
    await respond(send, problem_response(problem), kind="websocket.http.response")


async def respond(send: Send, response: Response, *, kind: str = "http.response") -> None:
    """Send a response in the ASGI messages of a kind."""
    status, headers, body = response
    await send({"type": f"{kind}.start", "status": status, "headers": headers})
    await send({"type": f"{kind}.body", "body": body})
