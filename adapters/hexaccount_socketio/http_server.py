import asyncio
import logging
import socket
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, TypeAlias

import h11

from hexaccount.kernel.cors import CorsPolicy
from hexaccount_socketio.asgi import Application, Scope
from hexaccount_socketio.client_addresses import ClientAddresses, client_of, peer_of
from hexaccount_socketio.connection_limit import ConnectionLimit, TooManyConnections
from hexaccount_socketio.http_requests import (
    READ_BYTES,
    MalformedRequest,
    bytes_of,
    connection_of_server,
    is_upgrade,
    read_request,
    scope_of,
)
from hexaccount_socketio.problems import FAILURE, TOO_MANY_CONNECTIONS
from hexaccount_socketio.refusals import RefusalObserver, no_observer
from hexaccount_socketio.responses import Response, problem_response, with_headers
from hexaccount_socketio.web_socket import WebSocket

_REQUEST_SECONDS = 10.0
"""How long a connection may last that is no WebSocket."""

_CLOSE_SECONDS = 2.0

# After a restart all clients connect at once.
_BACKLOG = 1024
Headers: TypeAlias = Mapping[bytes, str]
_log = logging.getLogger("hexaccount.realtime")


class HttpServer:
    """Serves an ASGI application over HTTP/1.1: WebSockets, and one request of another kind a connection.

    What a client can take is bounded before anything is read: connections by number and by network, a request and its
    response in time, and what waits in the kernel until the application asks for it.
    """

    def __init__(
        self,
        application: Application,
        *,
        addresses: ClientAddresses,
        cors: CorsPolicy,
        on_refused: RefusalObserver = no_observer,
    ) -> None:
        self._application = application
        self._cors = cors
        self._addresses = addresses
        self._on_refused = on_refused
        self._limit: ConnectionLimit
        self._server: asyncio.Server
        self._open: dict[asyncio.Task[Any] | None, asyncio.WriteTransport] = {}

    async def start(self, listening: socket.socket, max_connections: int) -> None:
        """Accept connections on a bound socket, at most `max_connections` at once."""
        self._limit = ConnectionLimit(max_connections, self._on_refused)
        # Connections inherit it: one read returns no more, and the kernel keeps little more.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, READ_BYTES)
        self._server = await asyncio.start_server(self._serve, sock=listening, limit=READ_BYTES, backlog=_BACKLOG)

    async def close(self) -> None:
        """Accept no more connections, and cut those that are open."""
        self._server.close()
        open_connections = dict(self._open)
        for transport in open_connections.values():
            transport.abort()
        if open_connections:
            await asyncio.wait([task for task in open_connections if task], timeout=_CLOSE_SECONDS)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        transport = writer.transport
        # So `drain` waits until the kernel has everything: no answer waits in this process for a client that is slow.
        transport.set_write_buffer_limits(high=0)
        peer: tuple[str, int] = (writer.get_extra_info("peername") or ("", 0))[:2]
        task = asyncio.current_task()
        self._open[task] = transport
        try:
            with ExitStack() as counted:
                counted.enter_context(self._limit.connection(peer[0]))
                # Behind a proxy the clients are counted, as soon as the request names them.
                if not self._addresses.is_trusted(peer[0]):
                    counted.enter_context(self._limit.of_client(peer[0]))
                await self._answer(reader, writer, peer, counted)
                await _linger(reader, writer)
        except (OSError, TooManyConnections):
            pass  # the client has gone, is too slow, or has too many connections
        except Exception:  # noqa: BLE001 - whatever the application raises, other connections go on
            _log.exception("a connection failed")
        finally:
            del self._open[task]
            transport.abort()

    async def _answer(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: tuple[str, int], counted: ExitStack
    ) -> None:
        connection = connection_of_server()
        headers: Headers = {}
        async with asyncio.timeout(_REQUEST_SECONDS) as deadline:
            try:
                request = await read_request(connection, reader)
                if request is None:
                    return
                headers = {name: value.decode("latin-1") for name, value in request.headers}
                scope = scope_of(request, peer)
                self._count_client(scope, counted)
                if is_upgrade(request):
                    trailing, _ = connection.trailing_data
                    upgraded = WebSocket(
                        request, trailing, reader, writer, on_accept=partial(deadline.reschedule, None)
                    )
                    await self._application(scope, upgraded.receive, upgraded.send)
                    return
                response = self._preflight(request, headers) or await self._response_to(scope)
            except MalformedRequest as error:
                response = error.response()
            except TooManyConnections:
                response = problem_response(TOO_MANY_CONNECTIONS)
            response = with_headers(response, self._cors.headers(headers.get(b"origin")))
            writer.write(bytes_of(connection, response))
            await writer.drain()

    def _count_client(self, scope: Scope, counted: ExitStack) -> None:
        client = client_of(self._addresses, scope)
        # The proxy itself asks for /ready.
        if self._addresses.is_trusted(peer_of(scope)) and not self._addresses.is_trusted(client):
            counted.enter_context(self._limit.of_client(client))

    def _preflight(self, request: h11.Request, headers: Headers) -> Response | None:
        origin, method = headers.get(b"origin"), headers.get(b"access-control-request-method")
        allowed = self._cors.preflight(request.method.decode("ascii"), origin, method)
        return None if allowed is None else with_headers((204, [], b""), allowed)

    async def _response_to(self, scope: Scope) -> Response:
        messages: list[Mapping[str, Any]] = []

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request"}  # the application reads no bodies

        async def send(message: Mapping[str, Any]) -> None:
            messages.append(message)

        try:
            await self._application(scope, receive, send)
            start, body = messages
        except Exception:  # noqa: BLE001 - the client must get a response
            _log.exception("a request failed")
            return problem_response(FAILURE)
        return start["status"], list(start["headers"]), body["body"]


async def _linger(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Read until the client closes: what it still sends would otherwise take the response back (RFC 9112, 9.6)."""
    writer.write_eof()
    async with asyncio.timeout(_CLOSE_SECONDS):
        while await reader.read(READ_BYTES):
            pass
