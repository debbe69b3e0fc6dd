from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.trace import Span, StatusCode


def record_failure(span: Span, error: BaseException | str) -> None:
    """Set the status and the type of an error; its text is left out, as it may contain a value."""
    span.set_attribute(ERROR_TYPE, error if isinstance(error, str) else type(error).__qualname__)
    span.set_status(StatusCode.ERROR)
