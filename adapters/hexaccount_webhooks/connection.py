import errno
import socket
import ssl
import time
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any

from hexaccount_webhooks.addresses import is_public
from hexaccount_webhooks.endpoint import Endpoint
from hexaccount_webhooks.errors import EndpointUnreachable

CONNECT_TIMEOUT = 5.0
"""Seconds for the DNS lookup, and then for each address, its TLS handshake included."""


def remaining(deadline: float) -> float:
    """Return the seconds until a deadline; raises TimeoutError if none are left."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def connect(endpoint: Endpoint, tls: ssl.SSLContext, deadline: float) -> socket.socket:
    """Return a connection to the first address that is allowed and accepts; raises EndpointUnreachable.

    `deadline` is a time of the monotonic clock.
    """
    reasons = []
    for family, address in _resolve(endpoint, deadline):
        try:
            return _connect_to(family, address, endpoint, tls, _limited(deadline))
        except OSError as error:
            reasons.append(_reason(error))
    raise EndpointUnreachable("; ".join(dict.fromkeys(reasons)) or f"the name {endpoint.host} has no address")


def _resolve(endpoint: Endpoint, deadline: float) -> list[tuple[socket.AddressFamily, Any]]:
    """Return the families and socket addresses of a host, best first, each once."""
    answers: SimpleQueue[list[Any] | Exception] = SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    # Nothing can bound how long the system takes. The thread ends once the system answers.
    Thread(target=look_up, name="dns-lookup", daemon=True).start()
    try:
        answer = answers.get(timeout=remaining(_limited(deadline)))
    except (Empty, TimeoutError):
        raise EndpointUnreachable(f"the name {endpoint.host} was not resolved in time") from None
    if isinstance(answer, Exception):
        reason = getattr(answer, "strerror", None) or type(answer).__name__
        raise EndpointUnreachable(f"the name {endpoint.host} has no address ({reason})")
    return list(dict.fromkeys((family, address) for family, _, _, _, address in answer))


def _connect_to(
    family: socket.AddressFamily, address: Any, endpoint: Endpoint, tls: ssl.SSLContext, deadline: float
) -> socket.socket:
    _check_address(address[0], endpoint)  # first, so that no host of a private network notices an attempt
    connected = socket.socket(family, socket.SOCK_STREAM)
    try:
        connected.settimeout(remaining(deadline))
        connected.connect(address)
        _check_address(connected.getpeername()[0], endpoint)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.settimeout(remaining(deadline))
        return tls.wrap_socket(connected, server_hostname=endpoint.host) if endpoint.is_secure else connected
    except BaseException:
        connected.close()
        raise


def _check_address(address: str, endpoint: Endpoint) -> None:
    if not (endpoint.allow_private or is_public(address)):
        raise PermissionError(errno.EACCES, "its address is private; set allow_private if that is intended")


def _limited(deadline: float) -> float:
    return min(deadline, time.monotonic() + CONNECT_TIMEOUT)


def _reason(error: OSError) -> str:
    match error:
        case TimeoutError():
            return f"it did not accept a connection within {CONNECT_TIMEOUT:g} s"
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message.rstrip('.')})"
        case ssl.SSLError():
            return f"TLS failed ({error.reason or type(error).__name__})"
    return error.strerror or type(error).__name__
