"""Documents as lines for people."""

from typing import Any

from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import EventDict

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

    def __call__(self, logger: Any, level: str, document: EventDict) -> bytes:
        """Return the line, without its end."""
        shown = {
            "timestamp": document["@timestamp"],
            "level": document["log.level"],
            "logger": document["log.logger"],
            "event": printable(document["message"]),
        }
        shown |= {short: printable(str(document[name])) for name, short in _SHOWN.items() if document.get(name)}
        line = str(self._render(logger, level, shown)).rstrip()
        if trace := document.get("error.stack_trace"):
            line = "\n    ".join([line, *map(printable, trace.splitlines())])
        return line.encode(errors="backslashreplace")


def printable(text: str) -> str:
    """Return a text in which all that is no printable character is escaped, ends of lines too."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
