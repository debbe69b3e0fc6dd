import secrets
import socket
from pathlib import Path

_OUTGOING_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_FIRST = 15_000
_given: set[int] = set()


def free_port() -> int:
    """Return a port that nobody listens on at 127.0.0.1, and never the same one twice.

    It lies below the ports of outgoing connections: a client that keeps dialling a stopped server
    could otherwise be given the server's own port, connect to itself and keep the server out.
    """
    outgoing = int(_OUTGOING_RANGE.read_text().split()[0])
    last = outgoing if outgoing > _FIRST + 1000 else 60_000
    for _ in range(1000):
        port = _FIRST + secrets.randbelow(last - _FIRST)
        if port not in _given and not _taken(port):
            _given.add(port)
            return port
    raise OSError(f"no free port between {_FIRST} and {last} after 1000 tries")


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
