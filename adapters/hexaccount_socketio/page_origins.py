from dataclasses import dataclass

from hexaccount.kernel.cors import CorsPolicy
from hexaccount.kernel.origin import origin_of
from hexaccount_socketio.asgi import Scope
from hexaccount_socketio.client_addresses import ClientAddresses, header_of, peer_of

_PAGE_SCHEMES = {"wss": "https", "ws": "http"}  # some proxies forward the scheme of the socket


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOrigins:
    """The origins whose pages may open sockets: those that may read responses over HTTP, and the service's own.

    Browsers leave this check to the server (RFC 6455, 10.2). `public_url` is where clients reach the service, if it is
    set.
    """

    cors: CorsPolicy
    addresses: ClientAddresses
    public_url: str | None

    def allow(self, scope: Scope) -> bool:
        """Return whether a request may open a socket; a client that is no page sends no origin."""
        origin = header_of(scope, b"origin")
        return not origin or self.cors.allows(origin) or origin in self._own(scope)

    def _own(self, scope: Scope) -> set[str | None]:
        """Return the origin of `public_url`, and that to which the client has sent its request."""
        scheme, host = "http", header_of(scope, b"host")
        if self.addresses.is_trusted(peer_of(scope)):
            scheme = _first(header_of(scope, b"x-forwarded-proto")).lower() or scheme
            host = _first(header_of(scope, b"x-forwarded-host")) or host
        return {origin_of(f"{_PAGE_SCHEMES.get(scheme, scheme)}://{host}"), origin_of(self.public_url or "")}


def _first(forwarded: str) -> str:
    """Return what the first of several proxies has forwarded."""
    return forwarded.partition(",")[0].strip()
