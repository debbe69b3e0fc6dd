from contextlib import AbstractContextManager
from contextvars import Token
from types import TracebackType
from typing import Protocol

from opentelemetry.context import Context, attach, detach
from opentelemetry.semconv.attributes.http_attributes import (
    HTTP_REQUEST_METHOD,
    HTTP_RESPONSE_STATUS_CODE,
    HTTP_ROUTE,
)
from opentelemetry.trace import Span, SpanKind, Tracer, set_span_in_context

from hexaccount_otel.failures import record_failure
from hexaccount_otel.traceparent import context_of, traceparent_of

_REQUEST_ID = "http.response.header.x-request-id"
_PROBLEM = "hexaccount.problem"


class RequestContext(Protocol):
    """A request and, once it has been answered, its outcome.

    `route` is a template, never a path; `method` is one of HTTP's, or `_OTHER`.
    """

    method: str
    request_id: str
    traceparent: str | None
    route: str
    status: int
    code: str


class RequestSpans:
    """Creates a span for each request, in the client's trace if there is one.

    Follows the conventions for HTTP, but leaves out the path, which contains ids.
    https://opentelemetry.io/docs/specs/semconv/http/http-spans/
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, request: RequestContext) -> AbstractContextManager[None]:
        """Return the context of the span; inside it `traceparent` is that of the span."""
        return _RequestSpan(self._tracer, request)


class _RequestSpan(AbstractContextManager[None]):
    __slots__ = ("_request", "_span", "_token", "_tracer")

    def __init__(self, tracer: Tracer, request: RequestContext) -> None:
        self._tracer = tracer
        self._request = request
        self._span: Span
        self._token: Token[Context]

    def __enter__(self) -> None:
        request = self._request
        self._span = self._tracer.start_span(
            request.method,
            context_of(request.traceparent),
            SpanKind.SERVER,
            attributes={HTTP_REQUEST_METHOD: request.method},
        )
        self._token = attach(set_span_in_context(self._span))
        request.traceparent = traceparent_of(self._span)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        detach(self._token)
        span, request = self._span, self._request
        if span.is_recording():
            span.set_attributes({HTTP_RESPONSE_STATUS_CODE: request.status, _REQUEST_ID: [request.request_id]})
            if request.route:
                span.update_name(f"{request.method} {request.route}")
                span.set_attribute(HTTP_ROUTE, request.route)
            if request.code:
                span.set_attribute(_PROBLEM, request.code)
            if request.status >= 500:
                record_failure(span, error or request.code or str(request.status))
        span.end()
