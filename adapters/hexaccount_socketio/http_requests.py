"""Reads the head of a request, and writes the response."""

import asyncio
import re
from http import HTTPStatus
from urllib.parse import unquote

import h11

from hexaccount.kernel.host import is_host
from hexaccount_socketio.asgi import Scope
from hexaccount_socketio.problems import problem
from hexaccount_socketio.responses import Response, problem_response

READ_BYTES = 4096
"""How much is read at once."""

_LONGEST_HEAD = 16_384

# RFC 9112, 3.2.2: a client may send a whole URL.
_ORIGIN = re.compile(rb"^https?://[^/?#]*", re.IGNORECASE)


class MalformedRequest(Exception):
    """The client sent no valid request; `status` is that of the response."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status

    def response(self) -> Response:
        """Return the response to the request."""
        return problem_response(problem(self.status, "malformed_request", str(self)))


async def read_request(connection: h11.Connection, reader: asyncio.StreamReader) -> h11.Request | None:
    """Return the head of a request, None if the client closes before; raises MalformedRequest."""
    try:
        while (event := connection.next_event()) is h11.NEED_DATA:
            connection.receive_data(await reader.read(READ_BYTES))
    except h11.RemoteProtocolError as error:
        raise MalformedRequest(error.error_status_hint, f"send a request of HTTP/1.1: {error}") from None
    if not isinstance(event, h11.Request):
        return None
    hosts = [value for name, value in event.headers if name == b"host"]
    if not all(is_host(host.decode("latin-1")) for host in hosts):
        detail = "send a host name or address in the Host header, and a port if it is another than the usual one"
        raise MalformedRequest(400, detail)
    return event


def connection_of_server() -> h11.Connection:
    """Return the state of a connection, which takes heads up to a length."""
    return h11.Connection(h11.SERVER, max_incomplete_event_size=_LONGEST_HEAD)


def is_upgrade(request: h11.Request) -> bool:
    """Return whether a client asks for a WebSocket, as only GET does (RFC 6455, 4.1)."""
    asked = any(name == b"upgrade" and value.lower() == b"websocket" for name, value in request.headers)
    return asked and request.method == b"GET"


def scope_of(request: h11.Request, peer: tuple[str, int]) -> Scope:
    """Return the ASGI scope of a request."""
    path, _, query = _ORIGIN.sub(b"", request.target, count=1).partition(b"?")
    kind, scheme = ("websocket", "ws") if is_upgrade(request) else ("http", "http")
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": request.http_version.decode("ascii"),
        "method": request.method.decode("ascii"),
        "scheme": scheme,
        "path": unquote(path.decode("ascii")),
        "raw_path": path,
        "query_string": query,
        "headers": list(request.headers),
        "client": peer,
        "extensions": {"websocket.http.response": {}},
    }


def bytes_of(connection: h11.Connection, response: Response) -> bytes:
    """Return a response, after which the connection ends, as it is sent."""
    status, headers, body = response
    head = h11.Response(
        status_code=status,
        headers=[*headers, (b"connection", b"close")],
        reason=HTTPStatus(status).phrase.encode(),
    )
    return b"".join(connection.send(part) or b"" for part in (head, h11.Data(data=body), h11.EndOfMessage()))
