from collections.abc import Sequence
from typing import Any

from hexaccount.accounts.ports import AvatarArtist
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.cors import CorsPolicy
from hexaccount_flask import (
    accounts,
    avatars,
    documents,
    logins,
    mail,
    observability,
    passwords,
    profile,
    server_metadata,
    sessions,
    signing_keys,
)
from hexaccount_flask.observability import MetricsExport, ReadinessCheck
from hexaccount_flask.server_metadata import PublicUrl
from hexaccount_flask.signing_keys import PublishedKeys
from hexaccount_flask.web.application import HttpApplication
from hexaccount_flask.web.client_addresses import ClientAddresses, PeerAddresses
from hexaccount_flask.web.middleware import RequestMiddleware, RequestObserver
from hexaccount_flask.web.operations import Routes

_ROUTE_MODULES = (
    observability,
    accounts,
    logins,
    profile,
    passwords,
    mail,
    sessions,
    avatars,
    signing_keys,
    server_metadata,
    documents,
)


def create_app(
    *,
    bus: MessageBus,
    artist: AvatarArtist,
    readiness: ReadinessCheck,
    published_keys: PublishedKeys,
    metrics: MetricsExport,
    public_url: str | None = None,
    cors: CorsPolicy | None = None,
    client_addresses: ClientAddresses | None = None,
    observers: Sequence[RequestObserver] = (),
    further_routes: Sequence[Routes] = (),
) -> HttpApplication:
    """Return the HTTP side of the service.

    public_url: where clients reach the service, which is the `iss` of its tokens.
    cors: the origins whose pages may read the responses; none by default.
    client_addresses: finds the address of a client behind proxies; by default it is that of the peer.
    observers: opened around each request, the first outermost.
    further_routes: those of capabilities of other packages.

    Raises IncompleteOperation.
    """
    clients = client_addresses or PeerAddresses()
    services: dict[Any, Any] = {
        MessageBus: bus,
        AvatarArtist: artist,
        ReadinessCheck: readiness,
        PublishedKeys: published_keys,
        MetricsExport: metrics,
        PublicUrl | None: public_url,
        ClientAddresses: clients,
    }
    app = services[HttpApplication] = HttpApplication(services)
    for routes in (*(module.routes for module in _ROUTE_MODULES), *further_routes):
        app.add_routes(routes)
    middleware = RequestMiddleware(app.wsgi_app, cors or CorsPolicy(), clients, observers)
    app.wsgi_app = middleware  # type: ignore[method-assign]  # Flask documents it so
    return app
