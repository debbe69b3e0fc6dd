"""The public keys of access tokens (RFC 7517)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from hexaccount.kernel.rate_limit import RateLimit, RateLimitPolicy
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount.signing_keys.key_schedule import PUBLISHED_FOR
from hexaccount_flask.web.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.responses import Cacheable, cacheable

PublishedKeys: TypeAlias = Callable[[], Sequence[Mapping[str, str]]]
"""Returns the public keys as JWKs; raises StoreUnavailable."""

_JWK_SET = "application/jwk-set+json"
KEY_HEADERS = (
    ("Cache-Control", f"public, max-age={PUBLISHED_FOR.seconds}"),
    ("Cross-Origin-Resource-Policy", "cross-origin"),
)

KEYS = RateLimitPolicy("keys", RateLimit.of(120, 0.1, 3000, 1), local=True)

routes = Routes()


class KeyModel(Struct, frozen=True):
    """A public key (RFC 7517): `x` and `y` are of elliptic curves, `n` and `e` of RSA."""

    kid: Annotated[str, Meta(description="The name by which tokens refer to the key that signed them.")]
    kty: Literal["EC", "OKP", "RSA"]
    alg: Literal["EdDSA", "ES256", "RS256"]
    use: Literal["sig"]
    crv: str | UnsetType = UNSET
    x: str | UnsetType = UNSET
    y: str | UnsetType = UNSET
    n: str | UnsetType = UNSET
    e: str | UnsetType = UNSET


class KeySetModel(Struct, frozen=True):
    """The public keys of access tokens (RFC 7517); empty where the service signs with a secret."""

    keys: list[KeyModel]


class KeySet(Cacheable):
    """A JWK set."""

    specs = cacheable("The keys.", {_JWK_SET: KeySetModel})


@routes.add("GET", "/.well-known/jwks.json", tag="keys", limit=KEYS, errors=[StoreUnavailable])
def get_keys(published_keys: PublishedKeys, if_none_match: IfNoneMatch) -> KeySet:
    """Get the public keys, for other services that verify access tokens.

    A new key is published before it signs, and an old one until its last token has expired. Where the service signs
    with a secret there are none.
    """
    content = msgspec.json.encode(msgspec.convert({"keys": published_keys()}, KeySetModel))
    return KeySet(content, content_tag(content), if_none_match, media_type=_JWK_SET, headers=KEY_HEADERS)
