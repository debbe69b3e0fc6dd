"""Searches all output of the service for secrets: log, events, errors, metrics, traces."""

import json
import logging
from collections import Counter
from pathlib import Path

from hexaccount.events.journal_entry import JournalEntry
from tests.canary.known_secrets import KnownSecrets


class Watch:
    """Records the kind and the place of each leaked secret, never the secret itself."""

    def __init__(self) -> None:
        self.secrets = KnownSecrets()
        self.inspected: Counter[str] = Counter()
        self._leaks: list[str] = []

    def take_leaks(self) -> list[str]:
        """Return the leaks since the last call."""
        leaks, self._leaks = self._leaks, []
        return leaks

    def inspect_record(self, record: logging.LogRecord) -> None:
        """Search a log record; the text of one that leaks is replaced, so that no handler shows it."""
        if record.name.startswith("pytest_bdd"):  # it logs the text of the features, which may contain a password
            return
        place = f"a log record of {record.name} ({Path(record.pathname).name}:{record.lineno})"
        if self._inspect("log records", place, _text_of(record)):
            record.msg, record.args, record.exc_info, record.exc_text = (
                f"withheld: {place} leaks a secret",
                (),
                None,
                None,
            )

    def inspect_line(self, line: bytes) -> None:
        """Search a line of the log, in any format."""
        # A stack trace quotes source lines, of tests too; the message of the error was searched in its record.
        text = line.decode().partition("\n    ")[0].partition('"error.stack_trace"')[0]
        self._inspect("log lines", "a line of the log", text)

    def inspect_spans(self, request: str) -> None:
        """Search a request to a collector of traces."""
        self._inspect("traces", "a request to a collector of traces", request)

    def inspect_event(self, entry: JournalEntry) -> None:
        """Search an event."""
        data = json.dumps(dict(entry.data), default=str, ensure_ascii=False)
        self._inspect(
            "events", f"an event {entry.type}", f"{data} {entry.source} {entry.causation_id} {entry.traceparent}"
        )

    def inspect_answer(self, method: str, path: str, status: int, body: bytes) -> None:
        """Search the body of an error, or the metrics."""
        if status >= 400 or path == "/metrics":
            kind = "metrics" if path == "/metrics" else "error bodies"
            self._inspect(kind, f"the answer {status} to {method} {path}", body.decode(errors="replace"))

    def inspect_output(self, command: str, text: str) -> None:
        """Search the output of a process."""
        self._inspect("outputs", f"the output of {command}", text)

    def _inspect(self, what: str, place: str, text: str) -> bool:
        self.inspected[what] += 1
        kind = self.secrets.kind_in(text)
        if kind:
            self._leaks.append(f"{kind} appears in {place}")
        return kind is not None


def _text_of(record: logging.LogRecord) -> str:
    try:
        texts = [record.getMessage()]
    except Exception:  # noqa: BLE001 - a message that does not fit its arguments shows both
        texts = [f"{record.msg} {record.args!r}"]
    error = record.exc_info[1] if record.exc_info else None
    # Only the messages of errors: a traceback quotes source lines, of tests too, which may contain a password.
    while error is not None:
        texts += [str(error), repr(error), *getattr(error, "__notes__", [])]
        texts += map(repr, getattr(error, "exceptions", []))
        error = error.__cause__ or error.__context__
    return "\n".join(texts)


WATCH = Watch()
"""The one canary of a test run."""
