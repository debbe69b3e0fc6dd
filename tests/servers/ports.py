import secrets
import socket
from pathlib import Path

_OUTGOING_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST = 15_000
_given: set[int] = set()


def free_port() -> int:
    """Return a port on which nothing listens at 127.0.0.1, and never the same one twice.

    It lies below the ports of outgoing connections. A client that redials a stopped server could otherwise get the
    server's port as its own, connect to itself and block the server.
    """
    outgoing = int(_OUTGOING_RANGE.read_text().split()[0])
    last = outgoing if outgoing > _FIRST + 1000 else 60_000
    for _ in range(1000):
        port = _FIRST + secrets.randbelow(last - _FIRST)
        if port not in _given and not _in_use(port):
            _given.add(port)
            return port
    raise OSError(f"no free port between {_FIRST} and {last} after 1000 tries")


def _in_use(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
