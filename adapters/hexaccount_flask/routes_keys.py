from collections.abc import Callable, Mapping, Sequence

import msgspec
from flask import Blueprint, Response, request

from hexaccount.application.key_schedule import PUBLISHED_FOR
from hexaccount_flask.answers import public_answer
from hexaccount_flask.entity_tags import content_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits

_HEADERS = (
    ("Cache-Control", f"public, max-age={PUBLISHED_FOR.seconds}"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)

_encode = msgspec.json.Encoder().encode


def key_routes(published_keys: Callable[[], Sequence[Mapping[str, str]]], limits: RouteLimits) -> Blueprint:
    """Return the route of the public keys (RFC 7517), which anybody may read."""
    routes = Blueprint("keys", __name__)

    @routes.get("/.well-known/jwks.json")
    @runs_in("quick")
    @limits.limited("keys")
    def jwks() -> Response:
        body = _encode({"keys": published_keys()})
        return public_answer(
            request, body, content_tag(body), content_type="application/jwk-set+json", headers=_HEADERS
        )

    return routes
