"""What mail needs from outside: one who sends a message, and the words of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from hexaccount.events.ports import DeliveryRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class MailText:
    """The words of a message: a subject of one line, and the same body as plain text and as HTML."""

    subject: str
    text: str = field(repr=False)
    html: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailMessage:
    """A message to one person.

    id: a Message-ID (RFC 5322, 3.6.4) without its angle brackets. A message that is sent again has the same one.
    kind: the name of the template of its words.
    locale: the language of the words (BCP 47).
    """

    id: str
    to: str
    kind: str
    locale: str
    words: MailText


class Mailer(Protocol):
    """Sends messages."""

    def send(self, message: MailMessage) -> None:
        """Return once the next server has taken the message.

        Raises ReceiverUnavailable if no message can be sent now, MailDelayed for one that cannot, and MailRefused for
        one that will never be taken. What they say repeats no part of the message. A message may have been taken
        although this raises, and is then sent again.
        """
        ...

    def check(self) -> None:
        """Return within seconds if messages can be sent, having sent none; raises ReceiverUnavailable."""
        ...

    def close(self) -> None:
        """Release connections; the mailer is not used afterwards."""
        ...


class MailDelayed(Exception):
    """The server does not take this message now, as it may of one whose sender it does not know yet (greylisting)."""


class MailRefused(DeliveryRefused):
    """The server refuses this message for good; the text is the reason, such as that the address does not exist."""


class MailTemplates(Protocol):
    """The words of every kind of message, in several languages."""

    def locale(self, wanted: str) -> str:
        """Return the language among those that there are which fits best, for a tag or an Accept-Language header."""
        ...

    def write(self, template: str, locale: str, values: Mapping[str, object]) -> MailText:
        """Return the words of a kind of message, such as `recovery`; `locale` is one that `locale` returns."""
        ...
