"""Successful answers."""

import msgspec
from flask import Request, Response

from hexaccount_flask.entity_tags import is_known

_encode = msgspec.json.Encoder().encode


def answer(model: msgspec.Struct, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return a model as JSON."""
    return Response(_encode(model), status, headers=headers or None, content_type="application/json")


def tagged_answer(request: Request, model: msgspec.Struct, tag: str) -> Response:
    """Return a model as JSON with its entity tag, or a mere 304 where the request says that the client has it."""
    headers = (("ETag", tag),)
    return empty_answer(304, headers) if is_known(request, tag) else answer(model, headers=headers)


def public_answer(
    request: Request, content: bytes, tag: str, *, content_type: str, headers: tuple[tuple[str, str], ...]
) -> Response:
    """Return content that any cache may keep with its entity tag, or a mere 304 where the client has it."""
    headers = (*headers, ("ETag", tag))
    if is_known(request, tag):
        return empty_answer(304, headers)
    return Response(content, headers=headers, content_type=content_type)


def empty_answer(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return an answer that has no content, and so no type of content."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
