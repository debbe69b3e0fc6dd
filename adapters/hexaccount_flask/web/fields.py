"""Field types that several capabilities use, in words and as JSON Schema.

Field types describe and do not check: the value objects of the domain check a request's texts.
"""

from typing import Annotated, Any, TypeAlias

from msgspec import Meta

CURSOR_PATTERN = "[A-Za-z0-9_-]{21}[AQgw]"
"""16 bytes in base64url, in the canonical spelling."""

TOKEN_PATTERN = "[A-Za-z0-9._~+/-]+=*"  # noqa: S105 - token68 of RFC 9110, 11.2
"""A bearer token."""


def text(description: str, example: str, **schema: Any) -> Meta:
    """Describe a text; `schema` holds further keywords of JSON Schema."""
    return Meta(description=description, examples=[example], extra_json_schema=schema)


def whole(pattern: str) -> str:
    """Return a pattern that the whole text has to match."""
    return f"^(?:{pattern})$"


AnyText: TypeAlias = Annotated[str, Meta(extra_json_schema={"pattern": "^[^\\u0000]*$"})]
CursorText: TypeAlias = Annotated[
    str, text("A place in a list.", "AaIEL2rScAObWyXJ1KegbA", pattern=whole(CURSOR_PATTERN))
]
Time: TypeAlias = Annotated[
    str, text("RFC 3339 in UTC with milliseconds.", "2026-11-22T16:55:46.514Z", format="date-time")
]
