from collections.abc import Callable, Mapping, Sequence

from flask import Flask

from hexaccount.accounts.ports import AvatarArtist
from hexaccount.kernel.bus import Bus
from hexaccount.kernel.client_address import ClientAddresses
from hexaccount.observability.readiness import ReadinessReport
from hexaccount_flask.cors import CorsPolicy
from hexaccount_flask.envelope import Envelope
from hexaccount_flask.errors import answer_error
from hexaccount_flask.exchange import Watcher
from hexaccount_flask.flask_app import HttpApplication
from hexaccount_flask.limits import RouteLimits, add_limit_headers
from hexaccount_flask.parsing import LONGEST_BODY
from hexaccount_flask.routes_account import account_routes
from hexaccount_flask.routes_avatar import avatar_routes
from hexaccount_flask.routes_documents import document_routes
from hexaccount_flask.routes_keys import key_routes
from hexaccount_flask.routes_me import me_routes
from hexaccount_flask.routes_operation import operation_routes
from hexaccount_flask.routes_sessions import sessions_routes
from hexaccount_flask.routes_swagger import swagger_routes
from hexaccount_flask.routes_users import users_routes


def create_app(
    *,
    bus: Bus,
    artist: AvatarArtist,
    readiness: Callable[[], ReadinessReport],
    published_keys: Callable[[], Sequence[Mapping[str, str]]],
    metrics: Callable[[], bytes] | None,
    cors_origins: Sequence[str] = (),
    trusted_proxies: Sequence[str] = (),
    watchers: Sequence[Watcher] = (),
) -> Flask:
    """Return the HTTP side of the service.

    bus: answers every message.
    artist: draws the avatars.
    readiness: tells whether the service can serve, and what it lacks.
    published_keys: returns the public keys of the access tokens, as JWKs.
    metrics: returns the figures of all processes, in the text format of Prometheus; None where there are none.
    cors_origins: the origins whose pages may read the answers, `*` for all.
    trusted_proxies: the networks whose word on the client's address is believed; ValueError for what is none.
    watchers: those who look on while requests are answered, outermost first.
    """
    app = HttpApplication()
    app.config.update(MAX_CONTENT_LENGTH=LONGEST_BODY, PROVIDE_AUTOMATIC_OPTIONS=False)
    limits = RouteLimits(bus, ClientAddresses(trusted_proxies))
    app.register_blueprint(operation_routes(readiness, metrics))
    app.register_blueprint(account_routes(bus, limits))
    app.register_blueprint(avatar_routes(artist, limits))
    app.register_blueprint(me_routes(bus))
    app.register_blueprint(sessions_routes(bus))
    app.register_blueprint(key_routes(published_keys, limits))
    app.register_blueprint(users_routes(bus))
    app.register_blueprint(document_routes(limits))
    app.register_blueprint(swagger_routes(limits))
    app.register_error_handler(Exception, answer_error)
    app.after_request(add_limit_headers)
    app.wsgi_app = Envelope(app.wsgi_app, CorsPolicy(cors_origins), watchers)  # type: ignore[method-assign]  # Flask documents it so
    return app
