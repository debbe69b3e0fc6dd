import errno
import socket
from dataclasses import dataclass

from hexaccount_granian.errors import AddressInUse, CannotListen


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """Where the workers listen, and how many connections each of them has files for."""

    host: str
    port: int
    max_connections: int

    def bind(self) -> socket.socket:
        """Bind, in a worker process, the address that the parent has reserved."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        shared = socket.socket(family, socket.SOCK_STREAM)
        # Connections inherit it, and a successor can bind the address while some of them are in TIME_WAIT.
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        shared.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        shared.bind((self.host, self.port))
        return shared


def reserve_address(host: str, port: int) -> socket.socket:
    """Bind an address (port 0: a free one) without listening; raises CannotListen, AddressInUse.

    While the socket is open, only processes of the same user that set SO_REUSEPORT can bind the address. The workers
    do: each listens on its own socket, and the kernel distributes the connections.
    """
    remedy = "choose another address with --host and --port"
    try:
        family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    except OSError as error:
        raise CannotListen(host, port, f"{error.strerror}; {remedy}") from error
    reserved = socket.socket(family, socket.SOCK_STREAM)
    try:
        _bind(reserved, str(address[0]), port)
    except (OSError, OverflowError) as error:
        reserved.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise AddressInUse(host, port) from error
        raise CannotListen(host, port, f"{error}; {remedy}") from error
    return reserved


def _bind(reserved: socket.socket, address: str, port: int) -> None:
    # Connections of a predecessor in TIME_WAIT must not keep a fixed port from being bound again.
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port != 0))
    reserved.bind((address, port))
    # Sharing is allowed after the bind only. Otherwise a second copy of the service would bind beside the first one
    # without an error, and take half of its connections.
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
