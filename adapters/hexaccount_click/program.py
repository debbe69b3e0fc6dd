from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # `--help` imports none of it
    from pathlib import Path

    import click

    from hexaccount.events.ports import DeadLetters
    from hexaccount.kernel.bus import MessageBus
    from hexaccount.mail.ports import MailTemplates
    from hexaccount.observability.diagnosis import Finding
    from hexaccount.passwords.hash_calibration import HashSpeeds


class Program(Protocol):
    """What the commands require. Only `configure` and `close` are called for every command.

    Whatever opens the store raises ConfigurationError, StoreUnavailable and SchemaMismatch.
    """

    def configure(self, config: "Path | None") -> None:
        """Read and validate the settings; raises ConfigurationError.

        `config` is the file named on the command line, or None. It is called before every other method but
        `event_types`.
        """
        ...

    def event_types(self) -> Sequence[str]:
        """Return the types of the events of all capabilities; this needs no settings."""
        ...

    def roles(self) -> Sequence[str]:
        """Return the names of the roles that accounts may have."""
        ...

    def commands(self) -> "Mapping[str, Callable[[], click.Command]]":
        """Return the commands of other packages by name, each imported by a call; this needs no settings.

        A call raises ConfigurationError for a command that cannot be used.
        """
        return {}

    def bus(self) -> "MessageBus":
        """Return the bus; the first call opens the store. `memory://` raises ConfigurationError."""
        ...

    def dead_letters(self) -> "DeadLetters":
        """Return the deliveries that failed for good, opening the store as `bus` does."""
        ...

    def migrate(self) -> Sequence[str]:
        """Create or upgrade the schema and the signing key; return a line about each, to be printed."""
        ...

    def serve(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        """Serve HTTP until a signal; raises Unavailable if it cannot listen on the address."""
        ...

    def realtime(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        """Serve Socket.IO until a signal; raises Unavailable if it cannot listen on the address."""
        ...

    def relay(self, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
        """Deliver events until a signal, and export metrics if a port is given.

        Raises Unavailable if it cannot listen on that address.
        """
        ...

    def hash_speeds(self) -> "HashSpeeds":
        """Measure for a few seconds how fast this machine hashes passwords, on all cores."""
        ...

    def shown_settings(self) -> Mapping[str, object]:
        """Return every setting by its dotted name, secrets redacted."""
        ...

    def mail_samples(self) -> "Mapping[str, Mapping[str, object]]":
        """Return sample values of every kind of message by its name; this needs no settings."""
        ...

    def mail_templates(self) -> "MailTemplates":
        """Return the words of messages; raises ConfigurationError if they cannot be used."""
        ...

    def run_checks(self) -> "Sequence[Finding]":
        """Check each part that the settings name; each check times out after some seconds."""
        ...

    def close(self) -> None:
        """Release what was opened, if anything; called once, at the end."""
        ...


class ConfigurationError(Exception):
    """The settings do not allow this command; the message names the setting and the remedy."""


class Unavailable(Exception):
    """A resource of the command is temporarily unavailable; the message names it and the remedy."""
