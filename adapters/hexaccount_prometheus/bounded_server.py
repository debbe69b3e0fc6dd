import socket
import sys
import threading
from collections import Counter
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from hexaccount.kernel.network import network_of

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_MOST = 64
_OF_A_NETWORK = 16


class BoundedServer(ThreadingMixIn, WSGIServer):
    """Serves a WSGI application with a thread for each connection, of which a network has a few.

    A connection on which nothing comes ends after seconds. Raises OSError if the address is not available.
    """

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host: str, port: int, application: "WSGIApplication") -> None:
        self.address_family, *_, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        self._open: Counter[str] = Counter()
        self._lock = threading.Lock()
        super().__init__((str(address[0]), port), _Handler)
        self.set_app(application)

    def verify_request(self, request: Any, client_address: Any) -> bool:  # noqa: ARG002 - the signature of socketserver
        """Return whether a connection gets a thread; otherwise it is closed."""
        network = network_of(client_address[0])
        with self._lock:
            if self._open.total() >= _MOST or self._open[network] >= _OF_A_NETWORK:
                return False
            self._open[network] += 1
        return True

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._lock:
                self._open -= Counter([network_of(client_address[0])])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report an error of the application, and not a client that is slow or has gone."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Handler(WSGIRequestHandler):
    timeout = 5.0

    def log_message(self, *_: Any) -> None:
        """Log nothing."""
