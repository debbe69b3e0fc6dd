"""W3C trace contexts in the text that requests, causes and events carry, to and from OpenTelemetry's own."""

from opentelemetry.context import Context
from opentelemetry.trace import Span, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_NAME = "traceparent"
_propagator = TraceContextTextMapPropagator()


def context_of(traceparent: str | None) -> Context:
    """Return the context of somebody else's span, or an empty one where there is none."""
    carrier = {} if traceparent is None else {_NAME: traceparent}
    return _propagator.extract(carrier, context=Context())


def traceparent_of(span: Span) -> str:
    """Return the trace context that makes others a part of this span's trace."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier, context=set_span_in_context(span, Context()))
    return carrier[_NAME]
