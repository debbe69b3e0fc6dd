"""Entity tags (RFC 9110, 8.8.3) and the conditions that requests make of them."""

import re
from functools import cache
from hashlib import sha256
from uuid import UUID
from zlib import crc32

from flask import Request
from msgspec import Struct
from msgspec.structs import fields

_ELEMENT = re.compile(r'[ \t]*+(?:(?P<weak>W/)?(?P<tag>"[!#-~\x80-\xff]*+"))?[ \t]*+(?:,|\Z)')
_OURS = re.compile(r'"[0-9a-f]{32}-(0|[1-9][0-9]{0,9})-[0-9a-f]{8}"')
_ANY = "*"


def entity_tag(model: type[Struct], owner: UUID, version: int) -> str:
    """Return the strong tag of a resource in a version.

    It names the owner, as `/me` is one resource for each person and a client may send on what it keeps of another.
    And it names the fields of the model, so that a release which shows more changes the tag with the body.
    """
    return f'"{owner.hex}-{version}-{_form(model)}"'


def content_tag(content: bytes) -> str:
    """Return the strong tag of what is the same for everybody, by its bytes."""
    return f'"{sha256(content).hexdigest()[:32]}"'


def expected_versions(request: Request, model: type[Struct], owner: UUID) -> frozenset[int] | None:
    """Return the versions that If-Match allows, None where it allows all; what is malformed allows none."""
    text = request.headers.get("If-Match")
    if text is None or text.strip() == _ANY:
        return None
    ours = [(tag, _OURS.fullmatch(tag)) for tag, weak in _listed(text) if not weak]
    versions = [(tag, int(found[1])) for tag, found in ours if found]
    return frozenset(version for tag, version in versions if tag == entity_tag(model, owner, version))


def is_known(request: Request, tag: str) -> bool:
    """Tell whether If-None-Match says that the client has the resource with this tag."""
    text = request.headers.get("If-None-Match")
    if text is None:
        return False
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
