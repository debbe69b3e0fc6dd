"""Successful answers."""

import msgspec
from flask import Response

_encode = msgspec.json.Encoder().encode


def answer(model: msgspec.Struct, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return a model as JSON."""
    return Response(_encode(model), status, headers=headers or None, content_type="application/json")


def empty_answer(status: int, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return an answer that has no content, and so no type of content."""
    response = Response(status=status, headers=headers)
    del response.headers["Content-Type"]
    return response
