from structlog.dev import ConsoleRenderer, plain_traceback

from hexaccount_structlog.documents import Document

# The fields that are not in the message, and their names in a line of text.
_IDS = {"http.request.id": "request", "trace.id": "trace"}


class TextRenderer:
    """Renders a document as a line, with the stack trace of an error indented below it.

    Characters that are not printable are escaped. So a line that begins at the margin is a record, whatever a value
    holds.
    """

    def __init__(self, *, colors: bool) -> None:
        self._render = ConsoleRenderer(
            colors=colors, sort_keys=False, pad_event_to=0, exception_formatter=plain_traceback
        )

    def __call__(self, document: Document) -> bytes:
        """Return the lines, the end of the last one not included."""
        event = {
            "timestamp": document["@timestamp"],
            "level": document["log.level"],
            "logger": document["log.logger"],
            "event": printable(document["message"]),
        }
        event |= {short: printable(str(document[name])) for name, short in _IDS.items() if document.get(name)}
        line = str(self._render(None, document["log.level"], event)).rstrip()
        if stack_trace := document.get("error.stack_trace"):
            line = "\n    ".join([line, *map(printable, stack_trace.splitlines())])
        return line.encode(errors="backslashreplace")


def printable(text: str) -> str:
    """Return a text with all characters escaped that are not printable, ends of lines included."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else each.encode("unicode_escape").decode() for each in text)
