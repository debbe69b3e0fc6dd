"""Pages of lists (keyset pagination with opaque cursors)."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Annotated, TypeAlias
from uuid import UUID

from msgspec import Meta

from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount_flask.web.fields import CURSOR_PATTERN, CursorText
from hexaccount_flask.web.inputs import Parameter, invalid_parameter, refuse_parameter

_INVALID_LIMIT = f"must be a whole number from 1 to {LONGEST_PAGE}"
_INVALID_CURSOR = "must be `page.next` of the page before"


def cursor_of(last: UUID | None) -> str | None:
    """Return the cursor of the entries after `last`; its content is opaque to clients and may change."""
    return urlsafe_b64encode(last.bytes).rstrip(b"=").decode() if last else None


def _parse_limit(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= LONGEST_PAGE:
        refuse_parameter("limit", _INVALID_LIMIT)
    return int(text)


def _parse_cursor(text: str) -> UUID:
    if not re.fullmatch(CURSOR_PATTERN, text):
        refuse_parameter("after", _INVALID_CURSOR)
    return UUID(bytes=urlsafe_b64decode(f"{text}=="))


PageLimit: TypeAlias = Annotated[
    int,
    Parameter(
        name="limit",
        place="query",
        schema=Annotated[int, Meta(ge=1, le=LONGEST_PAGE, description="How many entries a page has at most.")],
        parse=_parse_limit,
        errors=[invalid_parameter("limit", _INVALID_LIMIT)],
        default=50,
    ),
]
PageStart: TypeAlias = Annotated[
    UUID | None,
    Parameter(
        name="after",
        place="query",
        schema=Annotated[CursorText, Meta(description="`page.next` of the page before; without it, the list begins.")],
        parse=_parse_cursor,
        errors=[invalid_parameter("after", _INVALID_CURSOR)],
    ),
]
