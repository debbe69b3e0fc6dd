import errno
import socket

from hexaccount_granian.errors import AddressInUse, CannotListen


def reserve(host: str, port: int) -> socket.socket:
    """Return a socket that owns the address (port 0: a free one) without listening; raises CannotListen, AddressInUse.

    While it is open, nobody but processes of the same user that ask to share can bind the address. The workers do:
    each listens on a socket of its own, and the kernel spreads the connections over them.
    """
    remedy = "choose another address with --host and --port"
    try:
        family, address = _resolve(host)
    except OSError as error:
        raise CannotListen(host, port, f"{error.strerror}; {remedy}") from error
    owner = socket.socket(family, socket.SOCK_STREAM)
    try:
        _bind(owner, address, port)
    except (OSError, OverflowError) as error:
        owner.close()
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise AddressInUse(host, port) from error
        raise CannotListen(host, port, f"{error}; {remedy}") from error
    return owner


def _resolve(host: str) -> tuple[socket.AddressFamily, str]:
    family, _, _, _, address = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return family, str(address[0])


def _bind(owner: socket.socket, address: str, port: int) -> None:
    # Connections of a predecessor that linger in TIME_WAIT must not keep a fixed port from being bound again.
    owner.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, int(port != 0))
    owner.bind((address, port))
    # Sharing begins after the bind: with it from the start, a second copy of the service would bind beside the first
    # one without an error, and take half of its connections.
    owner.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    owner.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
