from collections.abc import Callable

from flask import Blueprint, Response

from hexaccount.application.readiness import Condition, Missing
from hexaccount_flask.answers import answer
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import Answer, ReadyModel, StatusModel
from hexaccount_flask.problems import Problem, RequestRefused

# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_NOT_READY = {
    missing: Problem(status=503, code=missing.code, detail=missing.detail, headers=(("Retry-After", "5"),))
    for missing in Missing
}


def operation_routes(readiness: Callable[[], Condition], metrics: Callable[[], bytes] | None) -> Blueprint:
    """Return the routes that those ask who run the service."""
    routes = Blueprint("operation", __name__)

    @routes.get("/health")
    @runs_in("vital")
    def health() -> Response:
        return answer(Answer(StatusModel("up")))

    @routes.get("/ready")
    @runs_in("readiness")
    def ready() -> Response:
        condition = readiness()
        if condition.missing is not None:
            raise RequestRefused(_NOT_READY[condition.missing])
        return answer(Answer(ReadyModel("ready", condition.degraded)))

    if metrics is not None:

        @routes.get("/metrics")
        @runs_in("vital")
        def figures() -> Response:
            return Response(metrics(), content_type=_TEXT_FORMAT)

    return routes
