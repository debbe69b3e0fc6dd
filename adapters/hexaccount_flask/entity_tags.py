"""Entity tags (RFC 9110, 8.8.3) and the conditions that requests make of them."""

import re
from functools import cache
from hashlib import sha256
from typing import Annotated, TypeAlias
from uuid import UUID
from zlib import crc32

from msgspec import Meta, Struct
from msgspec.structs import fields

from hexaccount.accounts.update_profile import UnexpectedVersion
from hexaccount_flask.parameters import Parameter

_ELEMENT = re.compile(r'[ \t]*+(?:(?P<weak>W/)?(?P<tag>"[!#-~\x80-\xff]*+"))?[ \t]*+(?:,|\Z)')
_OURS = re.compile(r'"[0-9a-f]{32}-(0|[1-9][0-9]{0,9})-[0-9a-f]{8}"')
_ANY = "*"

IfNoneMatch: TypeAlias = Annotated[
    str | None,
    Parameter(
        name="If-None-Match",
        place="header",
        of=Annotated[
            str,
            Meta(
                description="The `ETag` of what you have: while it is still so, the answer is a mere 304.",
                examples=['"01a2042f6ad270039b5b25c9d4a7a06c-2-3d03d09c"'],
            ),
        ],
        read=lambda request: request.environ.get("HTTP_IF_NONE_MATCH"),
    ),
]
IfMatch: TypeAlias = Annotated[
    str | None,
    Parameter(
        name="If-Match",
        place="header",
        of=Annotated[
            str,
            Meta(
                description="The `ETag` of what you have read: where it is no longer so, nothing is changed.",
                examples=['"01a2042f6ad270039b5b25c9d4a7a06c-2-3d03d09c"'],
            ),
        ],
        read=lambda request: request.environ.get("HTTP_IF_MATCH"),
        refuses=[UnexpectedVersion],
    ),
]


def entity_tag(model: type[Struct], owner: UUID, version: int) -> str:
    """Return the strong tag of a resource in a version.

    It names the owner, as `/me` is one resource for each person and a client may send on what it keeps of another.
    And it names the fields of the model, so that a release which shows more changes the tag with the body.
    """
    return f'"{owner.hex}-{version}-{_form(model)}"'


def content_tag(content: bytes) -> str:
    """Return the strong tag of what is the same for everybody, by its bytes."""
    return f'"{sha256(content).hexdigest()[:32]}"'


def expected_versions(text: IfMatch, model: type[Struct], owner: UUID) -> frozenset[int] | None:
    """Return the versions that If-Match allows, None where it allows all; what is malformed allows none."""
    if text is None or text.strip() == _ANY:
        return None
    ours = [(tag, _OURS.fullmatch(tag)) for tag, weak in _listed(text) if not weak]
    versions = [(tag, int(found[1])) for tag, found in ours if found]
    return frozenset(version for tag, version in versions if tag == entity_tag(model, owner, version))


def is_known(text: str, tag: str) -> bool:
    """Tell whether the text of If-None-Match says that the client has the resource with this tag."""
    return text.strip() == _ANY or any(known == tag for known, _ in _listed(text))


def _listed(text: str) -> list[tuple[str, bool]]:
    """Return the tags of a list, and whether each is weak; none of a list that is malformed."""
    listed: list[tuple[str, bool]] = []
    place = 0
    while place < len(text):
        element = _ELEMENT.match(text, place)
        if element is None:
            return []
        if element["tag"]:
            listed.append((element["tag"], bool(element["weak"])))
        place = element.end()
    return listed


@cache
def _form(model: type[Struct]) -> str:
    names = [field.encode_name for field in fields(model)]
    return f"{crc32(repr(names).encode()):08x}"
