"""A PostgreSQL that lacks what engines that spread data over machines lack.

A proxy replaces what such an engine does not know by a name that PostgreSQL does not know either: so a real server
refuses it, with the error and at the place in the protocol that it has there.
https://www.postgresql.org/docs/current/protocol-message-formats.html
"""

import socket
import socketserver
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Thread
from urllib.parse import urlsplit, urlunsplit

_STARTUP_CODES_THAT_ASK = {80877103, 80877104}
"""Of requests for TLS or GSSAPI, after which the client begins anew."""
_UNKNOWN = b"unknown_here_"


@contextmanager
def limited_postgres(url: str, *, unknown: Mapping[bytes, bytes], prepares: bool) -> Iterator[str]:
    """Yield the URL of a proxy before the server of a URL, which runs for the block.

    unknown: texts in statements, and what the server gets in their place.
    prepares: whether statements may be prepared under a name.
    """
    parts = urlsplit(url)
    server_address = (parts.hostname or "", parts.port or 5432)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection(server_address) as server:
                Thread(target=_copy, args=(server, self.request), daemon=True).start()
                for message in _messages(self.request):
                    server.sendall(_limited(message, unknown, prepares=prepares))

    with _Proxy(("127.0.0.1", 0), Handler) as proxy:
        Thread(target=proxy.serve_forever, daemon=True).start()
        host = f"{parts.username}@127.0.0.1:{proxy.server_address[1]}"
        try:
            yield urlunsplit(parts._replace(netloc=host))
        finally:
            proxy.shutdown()


class _Proxy(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 128


def _messages(client: socket.socket) -> Iterator[bytes]:
    """Yield the messages of a client; those of the start have no byte that names their type."""
    stream = client.makefile("rb")
    started = False
    while head := stream.read(5 if started else 4):
        body = stream.read(struct.unpack("!i", head[-4:])[0] - 4)
        started = started or struct.unpack("!i", body[:4])[0] not in _STARTUP_CODES_THAT_ASK
        yield head + body


def _limited(message: bytes, unknown: Mapping[bytes, bytes], *, prepares: bool) -> bytes:
    if message[:1] not in {b"P", b"Q"}:  # Parse and Query; a message of the start begins with the byte 0
        return message
    body = message[5:]
    for text, replacement in unknown.items():
        body = body.replace(text, replacement)
    if message[:1] == b"P" and not prepares and body[:1] != b"\0":
        name, _, rest = body.partition(b"\0")
        body = name + b"\0" + _UNKNOWN + rest
    return message[:1] + struct.pack("!i", len(body) + 4) + body


def _copy(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the client is gone
