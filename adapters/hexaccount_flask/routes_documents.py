from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from flask import Blueprint, current_app

from hexaccount_flask.answers import Public, kept_by_caches
from hexaccount_flask.entity_tags import IfNoneMatch, content_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits
from hexaccount_flask.media_types import JSON
from hexaccount_flask.operation import operation

_HEADERS = (("Cache-Control", "public, max-age=3600"), ("Cross-Origin-Resource-Policy", "cross-origin"))


class Document(Public):
    """A document for machines."""

    ways = kept_by_caches("The document.", {JSON: dict[str, Any]})


def document_routes(limits: RouteLimits) -> Blueprint:
    """Return the routes of what machines read about the service, which anybody may."""
    routes = Blueprint("documents", __name__)

    @routes.get("/swagger.json")
    @runs_in("quick")
    @limits.limited("documents")
    @operation()
    def get_openapi(if_none_match: IfNoneMatch) -> Document:
        """Read this document."""
        body, tag = written(_openapi)
        return Document(body, tag, if_none_match, media_type=JSON, headers=_HEADERS)

    @routes.get("/asyncapi.json")
    @runs_in("quick")
    @limits.limited("documents")
    @operation()
    def get_asyncapi(if_none_match: IfNoneMatch) -> Document:
        """Read the document of the events that the service publishes (AsyncAPI 3)."""
        body, tag = written(_asyncapi)
        return Document(body, tag, if_none_match, media_type=JSON, headers=_HEADERS)

    @cache
    def written(write: Callable[[], dict[str, Any]]) -> tuple[bytes, str]:
        body = msgspec.json.encode(write())
        return body, content_tag(body)

    return routes


def _openapi() -> dict[str, Any]:
    from hexaccount_flask.openapi import openapi  # noqa: PLC0415 - seldom asked for

    return openapi(current_app)


def _asyncapi() -> dict[str, Any]:
    from hexaccount.events.async_api import async_api  # noqa: PLC0415 - seldom asked for

    return async_api()
