import logging
from collections.abc import Callable
from typing import Any, TypeAlias

from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, Processor

from hexaccount_structlog.documents import document_of
from hexaccount_structlog.lines import LineStream

Render: TypeAlias = Callable[[Any, str, EventDict], bytes]


class LineHandler(logging.Handler):
    """Writes records of the standard library as lines."""

    def __init__(self, stream: LineStream, render: Render) -> None:
        super().__init__()
        self._stream = stream
        self._render = render
        steps: list[Processor] = [document_of, self._as_text]
        self.setFormatter(ProcessorFormatter(processors=steps))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        try:
            line = self.format(record).encode()
        except Exception as error:  # noqa: BLE001 - what cannot be rendered must not fail who logs it
            line = self._lament(record, error)
        self._stream.write(line)

    def _as_text(self, logger: Any, level: str, document: EventDict) -> str:
        return self._render(logger, level, document).decode()

    def _lament(self, record: logging.LogRecord, error: Exception) -> bytes:
        """Return a line about a record that cannot be rendered; nothing that is in it, which may be anything."""
        place = f"{record.name} ({record.filename}:{record.lineno})"
        told = f"a record of {place} could not be written: {type(error).__name__}"
        return self._render(None, "error", document_of(None, "error", {"event": told, "_record": record}))
