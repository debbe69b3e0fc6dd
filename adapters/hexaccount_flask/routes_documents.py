from functools import cache

import msgspec
from flask import Blueprint, Response, request

from hexaccount_flask.answers import public_answer
from hexaccount_flask.entity_tags import content_tag
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.limits import RouteLimits

_HEADERS = (("Cache-Control", "public, max-age=3600"), ("Cross-Origin-Resource-Policy", "cross-origin"))


def document_routes(limits: RouteLimits) -> Blueprint:
    """Return the routes of what machines read about the service, which anybody may."""
    routes = Blueprint("documents", __name__)

    @routes.get("/asyncapi.json")
    @runs_in("quick")
    @limits.limited("documents")
    def asyncapi() -> Response:
        body = _asyncapi()
        return public_answer(request, body, content_tag(body), content_type="application/json", headers=_HEADERS)

    return routes


@cache
def _asyncapi() -> bytes:
    from hexaccount.application.async_api import async_api  # noqa: PLC0415 - seldom asked for

    return msgspec.json.encode(async_api())
