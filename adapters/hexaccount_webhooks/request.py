import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException, HTTPResponse, LineTooLong
from threading import Timer

from hexaccount_webhooks.connection import connect, remaining
from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import DeliveryFailed

DELIVERY_TIMEOUT = 15.0
"""Seconds from the DNS lookup to the status of the response: less than a relay's lease."""

_LONGEST_BODY_READ = 4096


def post(endpoint: Endpoint, tls: ssl.SSLContext, headers: Mapping[str, str], body: bytes) -> int:
    """Send a request on a connection of its own and return the status of the response.

    Raises EndpointUnreachable, or DeliveryFailed if no complete status and headers arrive within DELIVERY_TIMEOUT.
    """
    deadline = time.monotonic() + DELIVERY_TIMEOUT
    connected = connect(endpoint, tls, deadline)
    connection = HTTPConnection(endpoint.host, endpoint.port)
    connection.response_class = _FinalResponse
    connection.sock = connected
    # A socket's own timeout starts anew with each byte, so that a slow response could take any time.
    watchdog = Timer(deadline - time.monotonic(), _abort, [connected])
    with closing(connected), closing(connection):
        watchdog.start()
        try:
            connected.settimeout(remaining(deadline))
            connection.request("POST", endpoint.target, body, {"Host": endpoint.authority, **headers})
            with connection.getresponse() as response:
                remaining(deadline)  # http.client accepts headers that `_abort` has cut off
                # Lets a receiver that sends a short body finish; the status counts, whatever happens to the body.
                connected.settimeout(1.0)
                with suppress(OSError, HTTPException):
                    response.read1(_LONGEST_BODY_READ)
                return response.status
        except (OSError, HTTPException) as error:
            raise DeliveryFailed(_reason(error, deadline)) from None
        finally:
            watchdog.cancel()


class _FinalResponse(HTTPResponse):
    """The response after any number of interim ones (RFC 9110, 15.2), of which http.client passes over 100 only."""

    def begin(self) -> None:
        super().begin()
        # 101 would be final, but nobody has asked to switch protocols.
        while HTTPStatus.SWITCHING_PROTOCOLS < self.status < HTTPStatus.OK:
            self.headers = None  # type: ignore[assignment]  # what http.client begins with
            super().begin()


def _abort(connected: socket.socket) -> None:
    with suppress(OSError):  # the connection has just ended
        # Not SSLSocket.shutdown, which would drop the TLS state while another thread reads.
        socket.socket.shutdown(connected, socket.SHUT_RDWR)


def _reason(error: OSError | HTTPException, deadline: float) -> str:
    if time.monotonic() >= deadline:
        return f"it did not answer within {DELIVERY_TIMEOUT:g} s"
    if isinstance(error, OSError):
        return f"the connection was lost ({error.strerror or type(error).__name__})"
    if isinstance(error, LineTooLong) or type(error) is HTTPException:
        return "its response has over 100 headers, or a line of over 64 KiB"
    return "its response is not HTTP"
