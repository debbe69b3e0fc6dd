"""Receivers of webhooks: an HTTP server whose responses a test chooses, and one that violates the protocol."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True)
class Request:
    path: str
    headers: Mapping[str, str]
    body: bytes

    def verified(self, secret: str = SECRET) -> Any:
        """Return the event; raises WebhookVerificationError unless the secret has signed it."""
        return Webhook(secret).verify(self.body, dict(self.headers))


@dataclass
class Receiver:
    """Answers with `status`, or with 500 to events whose ids are in `refused`; first waits for `hold`."""

    port: int = 0
    status: int = 204
    headers: Mapping[str, str] = field(default_factory=dict)
    answer: bytes = b""
    hold: threading.Event | None = None
    refused: set[str] = field(default_factory=set)
    connections: int = 0
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def ids(self) -> list[str]:
        return [request.headers["webhook-id"] for request in self.requests]


@contextmanager
def receiving(certificate: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver during the block, with TLS if there is a certificate."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append(Request(self.path, dict(self.headers.items()), body))
            if receiver.hold is not None:
                receiver.hold.wait(30)
            self.send_response(500 if self.headers["webhook-id"] in receiver.refused else receiver.status)
            for name, value in {"Content-Length": str(len(receiver.answer)), **receiver.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(receiver.answer)

        do_GET = do_POST  # noqa: N815 - a client that follows a redirect may send GET

        def log_message(self, *_arguments: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[socket.socket, Any]:
            receiver.connections += 1
            return super().get_request()

        def finish_request(self, request: Any, client_address: Any) -> None:
            with suppress(OSError):  # the client may end the connection early
                if certificate is None:
                    super().finish_request(request, client_address)
                    return
                with certificate.wrap_socket(request, server_side=True) as encrypted:
                    super().finish_request(encrypted, client_address)

    with Server(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            if receiver.hold is not None:
                receiver.hold.set()
            server.shutdown()
            thread.join()


@contextmanager
def misbehaving(serve: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """Yield the port of a server that passes each connection to `serve`, with an event that is set at the end."""
    over = threading.Event()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(connection, over)

    def listen() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                connection, _ = listener.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            over.set()
            thread.join()
