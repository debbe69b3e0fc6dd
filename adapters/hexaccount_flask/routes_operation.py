from collections.abc import Callable

from flask import Blueprint
from werkzeug.exceptions import NotFound

from hexaccount.observability.readiness import FailedCheck, ReadinessReport
from hexaccount_flask.answers import Ok, Outcome, Stated
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import ReadyModel, StatusModel
from hexaccount_flask.operation import operation
from hexaccount_flask.problems import Problem, RequestRefused

# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_NOT_READY = {
    missing: Problem(status=503, code=missing.code, detail=missing.detail, headers=(("Retry-After", "5"),))
    for missing in FailedCheck
}


class Figures(Stated):
    """Figures in the text format of Prometheus."""

    ways = (Outcome(200, "The figures.", {_TEXT_FORMAT: str}),)

    def __init__(self, text: bytes) -> None:
        super().__init__(text, content_type=_TEXT_FORMAT)


def operation_routes(readiness: Callable[[], ReadinessReport], metrics: Callable[[], bytes] | None) -> Blueprint:
    """Return the routes that those ask who run the service."""
    routes = Blueprint("operation", __name__)

    @routes.get("/health")
    @runs_in("vital")
    @operation()
    def health() -> Ok[StatusModel]:
        """Ask whether the process lives."""
        return Ok(StatusModel("up"))

    @routes.get("/ready")
    @runs_in("readiness")
    @operation(refuses=[*_NOT_READY.values()])
    def ready() -> Ok[ReadyModel]:
        """Ask whether the service can serve.

        A refusal tells which part is missing.
        """
        condition = readiness()
        if condition.missing is not None:
            raise RequestRefused(_NOT_READY[condition.missing])
        return Ok(ReadyModel("ready", condition.degraded))

    @routes.get("/metrics")
    @runs_in("vital")
    @operation(refuses=[NotFound])
    def figures() -> Figures:
        """Read the figures of all workers, for Prometheus.

        Where `metrics.enabled` is false there is nothing here.
        """
        if metrics is None:
            raise NotFound
        return Figures(metrics())

    return routes
