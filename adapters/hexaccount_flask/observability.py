"""Health, readiness and metrics, for operators."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter
from typing import Annotated, Literal, TypeAlias

from msgspec import Meta, Struct
from werkzeug.exceptions import BadRequest, NotFound

from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.metrics import HTTP_REQUESTS
from hexaccount.observability.readiness import FailedCheck, ReadinessReport
from hexaccount_flask.web.middleware import RequestContext
from hexaccount_flask.web.operations import Routes
from hexaccount_flask.web.problems import Problem, RequestRefused, retry_after
from hexaccount_flask.web.responses import DocumentedResponse, Ok, ResponseSpec

ReadinessCheck: TypeAlias = Callable[[], ReadinessReport]
MetricsExport: TypeAlias = Callable[[], bytes] | None
"""Returns the metrics of all processes in the text format of Prometheus; None where metrics are disabled."""

# https://prometheus.io/docs/instrumenting/exposition_formats/
_TEXT_FORMAT = "text/plain; version=0.0.4; charset=utf-8"
_NOT_READY = {
    part: Problem(status=503, code=part.code, detail=part.detail, headers=retry_after(5)) for part in FailedCheck
}

routes = Routes()


class StatusModel(Struct, frozen=True):
    """The status of the process."""

    status: Annotated[str, Meta(examples=["up"])]


class ReadyModel(Struct, frozen=True, omit_defaults=True):
    """The service is ready; `degraded` names the parts that it currently works without."""

    status: Literal["ready"]
    degraded: Annotated[Sequence[str], Meta(description="The parts, where there are any.", examples=[["cache"]])] = ()


class MetricsText(DocumentedResponse):
    """Metrics in the text format of Prometheus."""

    specs = (ResponseSpec(200, "The metrics.", {_TEXT_FORMAT: str}),)

    def __init__(self, text: bytes) -> None:
        super().__init__(text, content_type=_TEXT_FORMAT)


@routes.add("GET", "/health", tag="operation", request_class="health", errors=[BadRequest])
def health() -> Ok[StatusModel]:
    """Check whether the process is alive."""
    return Ok(StatusModel("up"))


@routes.add("GET", "/ready", tag="operation", request_class="readiness", errors=[BadRequest, *_NOT_READY.values()])
def ready(check_readiness: ReadinessCheck) -> Ok[ReadyModel]:
    """Check whether the service can serve.

    The problem names the part that is missing.
    """
    condition = check_readiness()
    if condition.failed is not None:
        raise RequestRefused(_NOT_READY[condition.failed])
    return Ok(ReadyModel("ready", condition.degraded))


@routes.add("GET", "/metrics", tag="operation", request_class="health", errors=[NotFound])
def figures(export_metrics: MetricsExport) -> MetricsText:
    """Get the metrics of all workers, for Prometheus.

    Where `metrics.enabled` is false there is nothing here.
    """
    if export_metrics is None:
        raise NotFound
    return MetricsText(export_metrics())


class RequestMetrics:
    """Observes requests, and records the duration of each by route, method and status."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    @contextmanager
    def __call__(self, context: RequestContext) -> Iterator[None]:
        began = perf_counter()
        try:
            yield
        finally:
            labels = (context.route or "unmatched", context.method, str(context.status))
            self._metrics.observe(HTTP_REQUESTS, perf_counter() - began, *labels)
