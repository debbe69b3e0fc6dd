"""Entity tags (RFC 9110, 8.8.3) and conditional requests."""

import re
from collections.abc import Sequence
from functools import cache
from hashlib import sha256
from typing import Annotated, TypeAlias
from uuid import UUID
from zlib import crc32

from msgspec import Struct
from msgspec.structs import fields

from hexaccount.accounts.errors import UnexpectedVersion
from hexaccount_flask.web.fields import text
from hexaccount_flask.web.inputs import DocumentedError, Parameter

_ELEMENT = re.compile(r'[ \t]*+(?:(?P<weak>W/)?(?P<tag>"[!#-~\x80-\xff]*+"))?[ \t]*+(?:,|\Z)')
_VERSIONED = re.compile(r'"[0-9a-f]{32}-(0|[1-9][0-9]{0,9})-[0-9a-f]{8}"')
_ANY = "*"


def condition(name: str, description: str, *errors: DocumentedError) -> Parameter:
    """Return the parameter of a header that holds entity tags."""
    schema = Annotated[str, text(description, '"01a2042f6ad270039b5b25c9d4a7a06c-2-3d03d09c"')]
    return Parameter(name=name, place="header", schema=schema, errors=errors)


IfMatch: TypeAlias = Annotated[
    str | None,
    condition("If-Match", "The `ETag` of your copy: if it is not current, nothing is changed.", UnexpectedVersion),
]
IfNoneMatch: TypeAlias = Annotated[
    str | None, condition("If-None-Match", "The `ETag` of your copy: if it is current, the answer is a 304 without it.")
]


def entity_tag(model: type[Struct], owner: UUID, version: int, others: Sequence[str] = ()) -> str:
    """Return the strong tag of a version of a resource.

    It names the owner, because `/me` is another resource for each user, and a client may send a tag of one user as
    another. It names the fields of the model, so that a release with more fields changes the tag with the body, and
    `others`, what the body contains that changes without a version.
    """
    return f'"{owner.hex}-{version}-{_digest(model, tuple(others))}"'


def content_tag(content: bytes) -> str:
    """Return the strong tag of content that is the same for all clients."""
    return f'"{sha256(content).hexdigest()[:32]}"'


def expected_versions(
    if_match: str | None, model: type[Struct], owner: UUID, others: Sequence[str] = ()
) -> frozenset[int] | None:
    """Return the versions that If-Match allows, None if it allows all; a malformed one allows none."""
    if if_match is None or if_match.strip() == _ANY:
        return None
    found = [(tag, _VERSIONED.fullmatch(tag)) for tag, weak in _tags_in(if_match) if not weak]
    versions = [(tag, int(parts[1])) for tag, parts in found if parts]
    return frozenset(version for tag, version in versions if tag == entity_tag(model, owner, version, others))


def matches(if_none_match: str, tag: str) -> bool:
    """Return whether If-None-Match names the tag."""
    return if_none_match.strip() == _ANY or any(known == tag for known, _ in _tags_in(if_none_match))


def _tags_in(header: str) -> list[tuple[str, bool]]:
    """Return the tags of a list, and whether each is weak; none if the list is malformed."""
    tags: list[tuple[str, bool]] = []
    position = 0
    while position < len(header):
        element = _ELEMENT.match(header, position)
        if element is None:
            return []
        if element["tag"]:
            tags.append((element["tag"], bool(element["weak"])))
        position = element.end()
    return tags


@cache
def _digest(model: type[Struct], others: tuple[str, ...]) -> str:
    names = [*(field.encode_name for field in fields(model)), *others]
    return f"{crc32(repr(names).encode()):08x}"
