from opentelemetry.semconv.attributes.error_attributes import ERROR_TYPE
from opentelemetry.trace import Span, StatusCode


def note_failure(span: Span, error: BaseException | str) -> None:
    """Say that something failed, and by which error; not what it says, in which a value may stand."""
    span.set_attribute(ERROR_TYPE, error if isinstance(error, str) else type(error).__qualname__)
    span.set_status(StatusCode.ERROR)
