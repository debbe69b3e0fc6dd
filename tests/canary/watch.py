"""Looks through all that leaves the service for others to read: log, events, errors, metrics, traces."""

import json
import logging
from collections import Counter
from pathlib import Path

from hexaccount.events.journal_entry import JournalEntry
from tests.canary.known_secrets import KnownSecrets


class Watch:
    """Notes each secret that it meets by its kind and place; it never repeats the secret itself."""

    def __init__(self) -> None:
        self.secrets = KnownSecrets()
        self.looked_through: Counter[str] = Counter()
        self._leaks: list[str] = []

    def take_leaks(self) -> list[str]:
        """Return the leaks that were noted since the last call."""
        leaks, self._leaks = self._leaks, []
        return leaks

    def look_at_record(self, record: logging.LogRecord) -> None:
        """Look through a log record; one that leaks is withheld from whoever would show it."""
        if record.name.startswith("pytest_bdd"):  # it tells the text of the features, where a password may stand
            return
        place = f"a log record of {record.name} ({Path(record.pathname).name}:{record.lineno})"
        if self._look("log records", place, _text_of(record)):
            record.msg, record.args, record.exc_info, record.exc_text = (
                f"withheld: {place} told a secret",
                (),
                None,
                None,
            )

    def look_at_line(self, line: bytes) -> None:
        """Look through a line of the log, in whichever form it is written."""
        # A stack trace quotes lines of source, those of tests too; what the error says was looked at in its record.
        told = line.decode().partition("\n    ")[0].partition('"error.stack_trace"')[0]
        self._look("log lines", "a line of the log", told)

    def look_at_spans(self, request: str) -> None:
        """Look through what a collector of traces is sent."""
        self._look("traces", "a request to a collector of traces", request)

    def look_at_event(self, entry: JournalEntry) -> None:
        """Look through an event."""
        told = json.dumps(dict(entry.data), default=str, ensure_ascii=False)
        self._look(
            "events", f"an event {entry.type}", f"{told} {entry.source} {entry.causation_id} {entry.traceparent}"
        )

    def look_at_answer(self, method: str, path: str, status: int, body: bytes) -> None:
        """Look through the body of an error, or the metrics."""
        if status >= 400 or path == "/metrics":
            kind = "metrics" if path == "/metrics" else "error bodies"
            self._look(kind, f"the answer {status} to {method} {path}", body.decode(errors="replace"))

    def look_at_output(self, command: str, text: str) -> None:
        """Look through what a process has written for people to read."""
        self._look("outputs", f"the output of {command}", text)

    def _look(self, what: str, place: str, text: str) -> bool:
        self.looked_through[what] += 1
        kind = self.secrets.kind_in(text)
        if kind:
            self._leaks.append(f"{kind} stands in {place}")
        return kind is not None


def _text_of(record: logging.LogRecord) -> str:
    try:
        texts = [record.getMessage()]
    except Exception:  # noqa: BLE001 - a message that does not fit its arguments shows both
        texts = [f"{record.msg} {record.args!r}"]
    error = record.exc_info[1] if record.exc_info else None
    # Only what errors say: a traceback quotes lines of source, those of tests too, which may hold a password.
    while error is not None:
        texts += [str(error), repr(error), *getattr(error, "__notes__", [])]
        texts += map(repr, getattr(error, "exceptions", []))
        error = error.__cause__ or error.__context__
    return "\n".join(texts)
