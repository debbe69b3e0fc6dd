from collections.abc import Callable

from flask import Blueprint, Response

from hexaccount_flask.answers import answer
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import Answer, StatusModel
from hexaccount_flask.problems import Problem, RequestRefused

_DRAINING = Problem(
    status=503,
    code="draining",
    detail="the service is shutting down; another instance answers",
    headers=(("Retry-After", "5"),),
)


def operation_routes(readiness: Callable[[], None], draining: Callable[[], bool]) -> Blueprint:
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

    return routes
