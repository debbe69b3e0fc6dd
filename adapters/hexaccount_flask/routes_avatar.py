from functools import lru_cache

from flask import Blueprint, Response, request

from hexaccount.application.ports.avatar_artist import AvatarArtist
from hexaccount.domain.avatar_identifier import AvatarIdentifier
from hexaccount.domain.errors import InvalidValue
from hexaccount_flask.answers import public_answer
from hexaccount_flask.entity_tags import content_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits
from hexaccount_flask.query import refuse_parameter

_KEPT_PICTURES = 256
_FOR_EVER = (
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)


def avatar_routes(artist: AvatarArtist, limits: RouteLimits) -> Blueprint:
    """Return the route of the pictures, which any page may show."""
    routes = Blueprint("avatar", __name__, url_prefix="/api/v1/public/avatar")

    @lru_cache(_KEPT_PICTURES)
    def draw(identifier: AvatarIdentifier) -> tuple[bytes, str]:
        picture = artist.draw(identifier.text)
        return picture, content_tag(picture)

    @routes.get("/<identifier>")
    @runs_in("drawing")
    @limits.limited("avatar")
    def avatar(identifier: str) -> Response:
        picture, tag = draw(_checked(identifier))
        return public_answer(request, picture, tag, content_type="image/png", headers=_FOR_EVER)

    return routes


def _checked(identifier: str) -> AvatarIdentifier:
    try:
        return AvatarIdentifier(identifier)
    except InvalidValue as refusal:
        refuse_parameter("identifier", refusal.reason)
