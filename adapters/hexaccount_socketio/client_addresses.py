from typing import Any, Protocol

from hexaccount_socketio.asgi import Scope


class ClientAddresses(Protocol):
    """Finds the address of a client behind trusted proxies."""

    def client_of(self, peer: str, forwarded_for: str) -> str:
        """Return the address of the client behind `peer`, which has sent this X-Forwarded-For header."""
        ...

    def is_trusted(self, peer: str) -> bool:
        """Tell whether a peer is a trusted proxy."""
        ...


def client_of(addresses: ClientAddresses, scope: Scope) -> str:
    """Return the address of the client that has sent a request."""
    return addresses.client_of(peer_of(scope), header_of(scope, b"x-forwarded-for"))


def header_of(scope: Scope, name: bytes) -> str:
    """Return the values of a header, joined by commas; empty if the request has none. `name` is in lower case."""
    return b",".join(value for key, value in scope["headers"] if key.lower() == name).decode("latin-1")


def peer_of(scope: Scope) -> str:
    """Return the address at the other end of the connection."""
    peer: tuple[Any, ...] = scope.get("client") or ("",)
    return str(peer[0])
