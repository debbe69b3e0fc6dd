from collections.abc import Callable

from flask import Blueprint

from hexaccount.application.ports.unit_of_work import StoreUnavailable
from hexaccount_flask.answers import Ok, Outcome, Stated
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import StatusModel
from hexaccount_flask.operation import operation
from hexaccount_flask.problems import Problem, RequestRefused

# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_DRAINING = Problem(
    status=503,
    code="draining",
    detail="the service is shutting down; another instance answers",
    headers=(("Retry-After", "5"),),
)


class Figures(Stated):
    """Figures in the text format of Prometheus."""

    ways = (Outcome(200, "The figures.", {_TEXT_FORMAT: str}),)

    def __init__(self, text: bytes) -> None:
        super().__init__(text, content_type=_TEXT_FORMAT)


def operation_routes(
    readiness: Callable[[], None], draining: Callable[[], bool], metrics: Callable[[], bytes]
) -> Blueprint:
    """Return the routes that those ask who run the service."""
    routes = Blueprint("operation", __name__)

    @routes.get("/health")
    @runs_in("vital")
    @operation()
    def health() -> Ok[StatusModel]:
        """Ask whether the process lives."""
        return Ok(StatusModel("up"))

    @routes.get("/ready")
    @runs_in("vital")
    @operation(refuses=[_DRAINING, StoreUnavailable])
    def ready() -> Ok[StatusModel]:
        """Ask whether the service can serve."""
        if draining():
            raise RequestRefused(_DRAINING)
        readiness()
        return Ok(StatusModel("ready"))

    @routes.get("/metrics")
    @runs_in("vital")
    @operation()
    def figures() -> Figures:
        """Read the figures of all workers, for Prometheus."""
        return Figures(metrics())

    return routes
