from functools import lru_cache
from typing import Annotated, TypeAlias

from flask import Blueprint, Request

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.ports import AvatarArtist
from hexaccount.kernel.errors import InvalidValue
from hexaccount_flask.answers import Public, kept_by_caches
from hexaccount_flask.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.fields import AvatarText
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits
from hexaccount_flask.operation import operation
from hexaccount_flask.parameters import Parameter
from hexaccount_flask.query import in_path, invalid_parameter, refuse_parameter

_PNG = "image/png"
_KEPT_PICTURES = 256
_FOR_EVER = (
    ("Cache-Control", "public, max-age=31536000, immutable"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)


class Picture(Public):
    """A PNG."""

    ways = kept_by_caches("The picture.", {_PNG: bytes})


def _identifier(request: Request) -> AvatarIdentifier:
    try:
        return AvatarIdentifier(in_path(request, "identifier"))
    except InvalidValue as refusal:
        refuse_parameter("identifier", refusal.reason)


IdentifierInPath: TypeAlias = Annotated[
    AvatarIdentifier,
    Parameter(
        name="identifier",
        place="path",
        of=AvatarText,
        read=_identifier,
        refuses=[
            invalid_parameter("identifier", "must be 1 to 64 ASCII letters, digits, dots, underscores or hyphens")
        ],
    ),
]


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
    @operation()
    def get_avatar(identifier: IdentifierInPath, if_none_match: IfNoneMatch) -> Picture:
        """See a picture.

        It is always the same for the same identifier, and may be kept for ever. Any identifier draws one; that of an
        account is its `avatar_identifier`.
        """
        picture, tag = draw(identifier)
        return Picture(picture, tag, if_none_match, media_type=_PNG, headers=_FOR_EVER)

    return routes
