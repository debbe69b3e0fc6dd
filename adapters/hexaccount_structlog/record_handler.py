import logging

from hexaccount_structlog.documents import Renderer, document_of
from hexaccount_structlog.line_stream import LineStream


class RecordHandler(logging.Handler):
    """Writes each record of `logging` as a line."""

    def __init__(self, stream: LineStream, render: Renderer) -> None:
        super().__init__()
        self._stream = stream
        self._render = render

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line; never raises."""
        try:
            error = record.exc_info[1] if record.exc_info else None
            line = self._render(document_of(record, record.getMessage(), error))
        except Exception as failure:  # noqa: BLE001 - a record that cannot be rendered must not fail the code that logs
            # Without what the record holds, which may be a secret.
            place = f"{record.name} ({record.filename}:{record.lineno})"
            message = f"a record of {place} could not be written: {type(failure).__name__}"
            line = self._render(document_of(record, message))
        self._stream.write(line)
