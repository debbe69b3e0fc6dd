from collections.abc import Callable, Mapping, Sequence

import msgspec
from flask import Blueprint

from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.signing_keys.key_schedule import PUBLISHED_FOR
from hexaccount_flask.answers import Public, kept_by_caches
from hexaccount_flask.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits
from hexaccount_flask.models import KeySetModel
from hexaccount_flask.operation import operation

_JWK_SET = "application/jwk-set+json"
_HEADERS = (
    ("Cache-Control", f"public, max-age={PUBLISHED_FOR.seconds}"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)

_encode = msgspec.json.Encoder().encode


class KeySet(Public):
    """A JWK set."""

    ways = kept_by_caches("The keys.", {_JWK_SET: KeySetModel})


def key_routes(published_keys: Callable[[], Sequence[Mapping[str, str]]], limits: RouteLimits) -> Blueprint:
    """Return the route of the public keys (RFC 7517), which anybody may read."""
    routes = Blueprint("keys", __name__)

    @routes.get("/.well-known/jwks.json")
    @runs_in("quick")
    @limits.limited("keys")
    @operation(refuses=[StoreUnavailable])
    def get_keys(if_none_match: IfNoneMatch) -> KeySet:
        """Read the public keys, for other services that check access tokens.

        A new key is published before it signs, and an old one until its last token has expired. Where the service
        signs with a secret there are none.
        """
        body = _encode(msgspec.convert({"keys": published_keys()}, KeySetModel))
        return KeySet(body, content_tag(body), if_none_match, media_type=_JWK_SET, headers=_HEADERS)

    return routes
