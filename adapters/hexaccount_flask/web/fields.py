"""Field types that several capabilities use, in words and as JSON Schema.

Field types describe and do not check: the value objects of the domain check a request's texts, as its message is
built. Where a body cannot become a message, the field types name the value objects that check the rest of it.
"""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, TypeAlias, get_args

from msgspec import Meta

CURSOR_PATTERN = "[A-Za-z0-9_-]{21}[AQgw]"
"""16 bytes in base64url, in the canonical spelling."""

TOKEN_PATTERN = "[A-Za-z0-9._~+/-]+=*"  # noqa: S105 - token68 of RFC 9110, 11.2
"""A bearer token."""


Check: TypeAlias = Callable[[str], object]
"""Raises InvalidValue for a text that the message would refuse."""


def text(description: str, example: str, *, check: Check | None = None, **schema: Any) -> Meta:
    """Describe a text; `schema` holds further keywords of JSON Schema."""
    return Meta(description=description, examples=[example], extra_json_schema=schema, extra={"check": check})


def checks_of(kind: Any) -> Iterator[Check]:
    """Return the checks of a type and its parts."""
    for part in (*getattr(kind, "__metadata__", ()), *get_args(kind)):
        if isinstance(part, Meta) and part.extra and part.extra["check"]:
            yield part.extra["check"]
        else:
            yield from checks_of(part)


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
