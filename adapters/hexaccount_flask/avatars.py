"""The pictures of accounts, which any page may show."""

from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, TypeAlias

from hexaccount.accounts.avatar_identifier import AvatarIdentifier
from hexaccount.accounts.ports import AvatarArtist
from hexaccount.kernel.errors import InvalidValue
from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount_flask.web.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.web.fields import text, whole
from hexaccount_flask.web.inputs import Parameter, invalid_parameter, refuse_parameter
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.responses import Cacheable, cacheable

_PNG = "image/png"
_HEADERS = (("Cache-Control", "public, max-age=31536000, immutable"), ("Cross-Origin-Resource-Policy", "cross-origin"))

AvatarText: TypeAlias = Annotated[
    str,
    text(
        "The text that the picture is drawn from.",
        "ada.lovelace",
        check=AvatarIdentifier,
        pattern=whole(AvatarIdentifier.pattern),
    ),
]


def _parse(identifier: str) -> AvatarIdentifier:
    try:
        return AvatarIdentifier(identifier)
    except InvalidValue as refusal:
        refuse_parameter("identifier", refusal.reason)


IdentifierInPath: TypeAlias = Annotated[
    AvatarIdentifier,
    Parameter(
        name="identifier",
        place="path",
        schema=AvatarText,
        parse=_parse,
        errors=[invalid_parameter("identifier", "must be 1 to 64 ASCII letters, digits, dots, underscores or hyphens")],
    ),
]

AVATAR = RateLimitPolicy("avatar", RateLimit.of(200, 0.2, 2000, 1), local=True)

routes = Routes()


class Picture(Cacheable):
    """A PNG."""

    specs = cacheable("The picture.", {_PNG: bytes})


@routes.add("GET", "/api/v1/public/avatar/<identifier>", tag="avatar", request_class="image", limit=AVATAR)
def get_avatar(artist: AvatarArtist, identifier: IdentifierInPath, if_none_match: IfNoneMatch) -> Picture:
    """Get a picture.

    It is always the same for the same identifier, and may be cached for ever. Any identifier draws one; that of an
    account is its `avatar_identifier`.
    """
    content, tag = _drawn(artist.draw, identifier)
    return Picture(content, tag, if_none_match, media_type=_PNG, headers=_HEADERS)


@lru_cache(256)
def _drawn(draw: Callable[[str], bytes], identifier: AvatarIdentifier) -> tuple[bytes, str]:
    picture = draw(identifier.text)
    return picture, content_tag(picture)
