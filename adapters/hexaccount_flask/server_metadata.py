"""What other services may read about this authorization server (RFC 8414)."""

from typing import Annotated, NewType

import msgspec
from msgspec import Meta, Struct
from werkzeug.exceptions import NotFound

from hexaccount_flask.signing_keys import KEY_HEADERS, KEYS
from hexaccount_flask.web.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.web.headers import JSON
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.responses import Cacheable, cacheable

PublicUrl = NewType("PublicUrl", str)
"""Where clients reach the service, which is the `iss` of its tokens."""

routes = Routes()


class MetadataModel(Struct, frozen=True):
    """The metadata of this authorization server (RFC 8414).

    It has no endpoints of OAuth, and so no response and grant types. Both are here nevertheless: the former is
    required, and without the latter a client would assume the grants `authorization_code` and `implicit`.
    """

    issuer: Annotated[str, Meta(description="The `iss` of access tokens.", examples=["https://accounts.example.org"])]
    jwks_uri: Annotated[str, Meta(description="Where the keys of access tokens are.")]
    response_types_supported: Annotated[list[str], Meta(max_length=0)]
    grant_types_supported: Annotated[list[str], Meta(max_length=0)]


class Metadata(Cacheable):
    """The metadata."""

    specs = cacheable("The metadata.", {JSON: MetadataModel})


@routes.add("GET", "/.well-known/oauth-authorization-server", tag="keys", limit=KEYS, errors=[NotFound])
def get_server_metadata(public_url: PublicUrl | None, if_none_match: IfNoneMatch) -> Metadata:
    """Get the issuer and where its keys are, for other services that verify access tokens.

    Where `public_url` is not set there is nothing here.
    """
    if public_url is None:
        raise NotFound
    model = MetadataModel(
        issuer=public_url,
        jwks_uri=f"{public_url}/.well-known/jwks.json",
        response_types_supported=[],
        grant_types_supported=[],
    )
    content = msgspec.json.encode(model)
    return Metadata(content, content_tag(content), if_none_match, media_type=JSON, headers=KEY_HEADERS)
