from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime
from threading import Lock
from typing import NamedTuple

from hexaccount.mail.ports import Mailer, MailMessage

_KEPT = 1000


class SentMessage(NamedTuple):
    """A message, and when it was sent."""

    message: MailMessage
    sent_at: datetime


class Mailbox(Mailer):
    """Keeps the newest thousand messages, for tests and while one develops; nobody else gets them."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._messages: deque[SentMessage] = deque(maxlen=_KEPT)

    def messages(self) -> Sequence[SentMessage]:
        """Return the messages, newest first."""
        with self._lock:
            return tuple(self._messages)

    def send(self, message: MailMessage) -> None:
        with self._lock:
            self._messages.appendleft(SentMessage(message, datetime.now(UTC)))

    def check(self) -> None:
        """Do nothing: memory is always available."""

    def close(self) -> None:
        """Do nothing: memory has no connections."""
