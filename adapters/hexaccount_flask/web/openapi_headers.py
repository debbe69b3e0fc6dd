"""The headers of responses, described."""

from collections.abc import Mapping
from typing import Any

from hexaccount_flask.web.headers import STANDARD_HEADERS

_STANDARD = dict(STANDARD_HEADERS)
_NAMED = '^"[a-z-]+"'


def _header(
    description: str, *, kind: str = "string", example: str | int | None = None, **schema: Any
) -> dict[str, Any]:
    described = {"description": description, "schema": {"type": kind, **schema}}
    return described if example is None else {**described, "example": example}


HEADERS: Mapping[str, Any] = {
    "Accept-Patch": _header("The media types that are supported (RFC 5789)."),
    "Accept-Post": _header("The media types that are supported."),
    "Access-Control-Allow-Origin": _header("The configured origin whose pages may read the answer."),
    "Access-Control-Expose-Headers": _header("The headers that such a page may read."),
    "Allow": _header("The methods that the path supports."),
    "Authorization": _header(
        "The access token in the form to send.",
        example="Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIwMWEyMDQyZiJ9.c2lnbmF0dXJl",
        pattern="^Bearer ",
    ),
    "Cache-Control": _header("`no-store`, except for public documents and pictures.", example="no-store"),
    "Content-Security-Policy": _header("What a browser may do with the answer."),
    "Cross-Origin-Resource-Policy": _header("Which sites may embed the answer.", enum=["same-origin", "cross-origin"]),
    "ETag": _header(
        "The version of the resource, for `If-None-Match` and `If-Match`.",
        example='"01a2042f6ad270039b5b25c9d4a7a06c-2-3d03d09c"',
        pattern='^"[!#-~]+"$',
    ),
    "Location": _header(
        "Where the resource is, relative to the URL of the request.", format="uri-reference", example="../me"
    ),
    "RateLimit": _header(
        "How many requests are left of the limit, and in how many seconds another one is allowed.",
        example='"login";r=3;t=12',
        pattern=_NAMED + ";r=[0-9]+;t=[0-9]+$",
    ),
    "RateLimit-Policy": _header(
        "The limit that was applied: a quota in a window of seconds (draft-ietf-httpapi-ratelimit-headers).",
        example='"login";q=5;w=60',
        pattern=_NAMED + ";q=[0-9]+;w=[0-9]+$",
    ),
    "Referrer-Policy": _header("Always the same.", const=_STANDARD["Referrer-Policy"]),
    "Retry-After": _header("In how many seconds another attempt may succeed.", kind="integer", minimum=0, example=12),
    "Vary": _header("The request headers that the answer depends on."),
    "WWW-Authenticate": _header(
        "What is missing or wrong (RFC 6750).", example='Bearer realm="hexaccount"', pattern='^Bearer realm="'
    ),
    "X-Content-Type-Options": _header("Always the same.", const=_STANDARD["X-Content-Type-Options"]),
    "X-Frame-Options": _header("Always the same.", const=_STANDARD["X-Frame-Options"]),
    "X-Request-ID": _header(
        "The id of the request if that matches the pattern, otherwise a new one; the log contains it.",
        pattern="^[A-Za-z0-9._-]{1,128}$",
        example="32b91d1f8a844b1fa4b1bb8b48a53f2f",
    ),
}

HEADERS_OF_EVERY_ANSWER = {
    name: HEADERS[name]
    for name in (
        "X-Request-ID",
        *_STANDARD,
        "RateLimit-Policy",
        "RateLimit",
        "Access-Control-Allow-Origin",
        "Access-Control-Expose-Headers",
        "Vary",
    )
}
"""The headers that any response may have; the last three if `http.cors_origins` is set."""


def header_of(name: str, *, required: bool) -> dict[str, Any]:
    """Describe a header of a response."""
    return {**HEADERS[name], "required": True} if required else HEADERS[name]
