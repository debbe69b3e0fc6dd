from collections.abc import Callable
from dataclasses import replace
from typing import Any

from opentelemetry.trace import Tracer

from hexaccount.kernel.causation import caused_by, current_cause
from hexaccount.kernel.errors import Refusal
from hexaccount.kernel.messages import Message
from hexaccount_otel.failures import record_failure
from hexaccount_otel.traceparent import traceparent_of

_OUTCOME = "hexaccount.outcome"


class MessageSpans:
    """Middleware of the bus: creates a span for each message, which the recorded events carry as `traceparent`."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self, message: Message[Any], call: Callable[[], Any]) -> Any:
        """Handle a message; the span has its type and outcome, and nothing of its content."""
        name = type(message).__name__
        with self._tracer.start_as_current_span(name, record_exception=False, set_status_on_exception=False) as span:
            outcome = "failed"
            try:
                with caused_by(replace(current_cause(), traceparent=traceparent_of(span))):
                    answer = call()
                outcome = "done"
            except Refusal as refusal:
                outcome = f"refused: {refusal.code}"
                raise
            except Exception as error:
                record_failure(span, error)
                raise
            finally:
                span.set_attribute(_OUTCOME, outcome)
        return answer
