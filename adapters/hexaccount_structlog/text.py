"""Records as lines for people."""

from typing import Any

from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import EventDict

from hexaccount_structlog.ecs import LONGEST_MESSAGE
from hexaccount_structlog.errors import cut, trace_of

# What a person reads of the fields that a message does not tell, and under which names.
_SHOWN = {"http.request.id": "request", "trace.id": "trace"}


class TextLines:
    """Renders a line, and below it the stack trace of an error, in lines that are indented.

    Whatever a value holds, a line that begins at its margin is a record: what is not printable is escaped.
    """

    def __init__(self, *, colors: bool) -> None:
        self._render = ConsoleRenderer(
            colors=colors, sort_keys=False, pad_event_to=0, exception_formatter=plain_traceback
        )

    def __call__(self, logger: Any, method: str, event: EventDict) -> bytes:
        """Return the line, without its end."""
        shown = {
            "timestamp": event["timestamp"],
            "level": event["level"],
            "logger": event["logger"],
            "event": printable(cut(event["event"], LONGEST_MESSAGE)),
        }
        shown |= {short: printable(str(event[name])) for name, short in _SHOWN.items() if event.get(name)}
        line = str(self._render(logger, method, shown)).rstrip()
        error = event.get("error")
        if error is not None:
            line = "\n    ".join([line, *map(printable, trace_of(error).splitlines())])
        return line.encode(errors="backslashreplace")


def printable(text: str) -> str:
    """Return a text in which all that is no printable character is escaped, ends of lines too."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
