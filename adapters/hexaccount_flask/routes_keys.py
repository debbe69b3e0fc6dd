from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256

import msgspec
from flask import Blueprint, Response, request

from hexaccount.application.key_schedule import PUBLISHED_FOR
from hexaccount_flask.answers import empty_answer
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
        tag = sha256(body).hexdigest()[:32]
        headers = (*_HEADERS, ("ETag", f'"{tag}"'))
        if request.if_none_match.contains_weak(tag):
            return empty_answer(304, headers)
        return Response(body, headers=headers, content_type="application/jwk-set+json")

    return routes
