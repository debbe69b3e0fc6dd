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

from hexaccount_otel.failures import note_failure
from hexaccount_otel.traceparent import context_of, traceparent_of

_REQUEST_ID = "http.response.header.x-request-id"
_PROBLEM = "hexaccount.problem"


class Exchange(Protocol):
    """A request and, once it has been answered, what became of it.

    `route` is a template, never a path; `method` is one of HTTP's, or `_OTHER`.
    """

    method: str
    request_id: str
    traceparent: str | None
    route: str
    status: int
    code: str


class RequestSpans:
    """Makes each request a span, in the client's trace if it has one, and the parent of all that comes of it.

    It keeps to the conventions for HTTP, but for the path, in which ids stand.
    https://opentelemetry.io/docs/specs/semconv/http/http-spans/
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, exchange: Exchange) -> AbstractContextManager[None]:
        """Return a context that lasts for as long as a request is being answered."""
        return _RequestSpan(self._tracer, exchange)


class _RequestSpan(AbstractContextManager[None]):
    __slots__ = ("_exchange", "_span", "_token", "_tracer")

    def __init__(self, tracer: Tracer, exchange: Exchange) -> None:
        self._tracer = tracer
        self._exchange = exchange
        self._span: Span
        self._token: Token[Context]

    def __enter__(self) -> None:
        exchange = self._exchange
        told = {HTTP_REQUEST_METHOD: exchange.method}
        self._span = self._tracer.start_span(
            exchange.method, context_of(exchange.traceparent), SpanKind.SERVER, attributes=told
        )
        self._token = attach(set_span_in_context(self._span))
        exchange.traceparent = traceparent_of(self._span)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        detach(self._token)
        span, exchange = self._span, self._exchange
        if span.is_recording():
            span.set_attributes({HTTP_RESPONSE_STATUS_CODE: exchange.status, _REQUEST_ID: [exchange.request_id]})
            if exchange.route:
                span.update_name(f"{exchange.method} {exchange.route}")
                span.set_attribute(HTTP_ROUTE, exchange.route)
            if exchange.code:
                span.set_attribute(_PROBLEM, exchange.code)
            if exchange.status >= 500:
                note_failure(span, error or exchange.code or str(exchange.status))
        span.end()
