from collections.abc import Sequence
from typing import Protocol

from hexaccount.application.journal_entry import JournalEntry


class EventPublisher(Protocol):
    """Hands events to the world outside."""

    def publish(self, entries: Sequence[JournalEntry]) -> None:
        """Return once all of `entries` are safe with the receiver, in order; raises on any doubt.

        After an exception all of them are published again: at least once, never lost. ReceiverUnavailable says that
        it lies with none of the entries; they then wait for as long as it takes, without counting attempts.
        """
        ...

    def check(self) -> None:
        """Return within seconds if the receiver is there, having published nothing; raises ReceiverUnavailable.

        ReceiverRefused is for what does not pass by itself.
        """
        ...

    def close(self) -> None:
        """Let go of connections; the publisher is not used afterwards."""
        ...


class ReceiverUnavailable(Exception):
    """The receiver of events cannot be reached, whichever event it is."""


class ReceiverRefused(ReceiverUnavailable):
    """The receiver is there, and takes no event until something is changed there or in the settings."""
