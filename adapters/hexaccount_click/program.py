from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # so that asking for help imports none of it
    from pathlib import Path

    from hexaccount.events.ports import DeadLetters
    from hexaccount.kernel.bus import Bus
    from hexaccount.observability.diagnosis import Finding
    from hexaccount.passwords.hash_calibration import HashSpeeds


class Program(Protocol):
    """What the commands need from outside; only `configure` and `close` are called for every command."""

    def configure(self, config: "Path | None") -> None:
        """Read and check the settings, before anything else is asked for; raises ConfigurationError.

        `config` is the file named on the command line, None where none is.
        """
        ...

    def bus(self) -> "Bus":
        """Return the bus, opening the store at first use; raises ConfigurationError for `memory://`."""
        ...

    def dead_letters(self) -> "DeadLetters":
        """Return the deliveries that were given up, opening the store as `bus` does."""
        ...

    def migrate(self) -> Sequence[str]:
        """Bring schema and signing key to where this version needs them; return what was made where, in lines."""
        ...

    def serve(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        """Serve HTTP until a signal; raises Unavailable where the address cannot be had."""
        ...

    def realtime(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        """Hold sockets until a signal; raises Unavailable where the address cannot be had."""
        ...

    def relay(self, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
        """Deliver events until a signal, and tell figures on a port of their own where one is given.

        Raises Unavailable where that address cannot be had.
        """
        ...

    def hash_speeds(self) -> "HashSpeeds":
        """Return how fast this machine hashes passwords, having measured it for a few seconds."""
        ...

    def shown_settings(self) -> Mapping[str, object]:
        """Return every setting by its dotted name, secrets hidden."""
        ...

    def examine(self) -> "Sequence[Finding]":
        """Return what is found of every part that the settings name, within seconds, whatever hangs."""
        ...

    def close(self) -> None:
        """Let go of everything that was opened; called once at the end, also where nothing was."""
        ...


class ConfigurationError(Exception):
    """The settings do not allow what was asked for; the message names the setting and the remedy."""


class Unavailable(Exception):
    """Something the command needs is not to be had at this moment; the message names it and the remedy."""
