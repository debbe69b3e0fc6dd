"""Converts the W3C `traceparent` of requests, causes and events from and to OpenTelemetry's contexts."""

from opentelemetry.context import Context
from opentelemetry.trace import Span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_NAME = "traceparent"
_propagator = TraceContextTextMapPropagator()


def context_of(traceparent: str | None) -> Context:
    """Return the context of a remote span, or an empty one for None."""
    carrier = {} if traceparent is None else {_NAME: traceparent}
    return _propagator.extract(carrier, context=Context())


def traceparent_of(span: Span) -> str:
    """Return the `traceparent` with which other spans become children of this one."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, context=set_span_in_context(span, Context()))
    return carrier[_NAME]
