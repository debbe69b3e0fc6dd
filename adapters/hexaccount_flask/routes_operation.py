from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint

from hexaccount.application.ports.unit_of_work import StoreUnavailable
from hexaccount_flask.answers import Ok, Outcome, Stated
from hexaccount_flask.lanes import runs_in
from hexaccount_flask.models import StatusModel
from hexaccount_flask.operation import operation
from hexaccount_flask.problems import Problem, RequestRefused

_DRAINING = Problem(
    status=503,
    code="draining",
    detail="the service is shutting down; another instance answers",
    headers=(("Retry-After", "5"),),
)


class Figures(Stated):
    """Figures in the text format of Prometheus (https://prometheus.io/docs/instrumenting/exposition_formats/)."""

    media_type = "text/plain; version=0.0.4; charset=utf-8"

    def __init__(self, text: bytes) -> None:
        super().__init__(text, content_type=self.media_type)

    @classmethod
    def outcomes(cls, of: Sequence[Any]) -> Sequence[Outcome]:
        assert not of
        return [Outcome(200, "The figures.", {cls.media_type: str})]


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
