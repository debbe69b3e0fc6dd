from collections.abc import Callable

from flask import Blueprint, Response

from hexaccount_flask.answers import answer
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import Answer, StatusModel
from hexaccount_flask.problems import Problem, RequestRefused

# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_DRAINING = Problem(
    status=503,
    code="draining",
    detail="the service is shutting down; another instance answers",
    headers=(("Retry-After", "5"),),
)


def operation_routes(
    readiness: Callable[[], None], draining: Callable[[], bool], metrics: Callable[[], bytes] | None
) -> Blueprint:
    """Return the routes that those ask who run the service."""
    routes = Blueprint("operation", __name__)

    @routes.get("/health")
    @runs_in("vital")
    def health() -> Response:
        return answer(Answer(StatusModel("up")))

    @routes.get("/ready")
    @runs_in("vital")
    def ready() -> Response:
        if draining():
            raise RequestRefused(_DRAINING)
        readiness()
        return answer(Answer(StatusModel("ready")))

    if metrics is not None:

        @routes.get("/metrics")
        @runs_in("vital")
        def figures() -> Response:
            return Response(metrics(), content_type=_TEXT_FORMAT)

    return routes
