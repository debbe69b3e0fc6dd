"""The cause of the current work, which the events that it records name."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """The id of the request or event behind the work, and its W3C trace context where there is one."""

    causation_id: str | None = None
    traceparent: str | None = None


_NONE = Cause()
_current: ContextVar[Cause] = ContextVar("hexaccount_cause", default=_NONE)


def current_cause() -> Cause:
    """Return the cause of the current work."""
    return _current.get()


@contextmanager
def caused_by(cause: Cause) -> Iterator[None]:
    """Make `cause` that of all work within."""
    token = _current.set(cause)
    try:
        yield
    finally:
        _current.reset(token)
