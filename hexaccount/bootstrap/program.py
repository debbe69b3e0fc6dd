"""What the command line works with: the service as the settings choose it, opened when it is first needed.

This module is imported for every command, `--help` included, so what it needs to work is imported where it is used.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hexaccount.bootstrap.stop_signals import is_told_to_stop
from hexaccount_click.program import ConfigurationError, Program

if TYPE_CHECKING:
    from pathlib import Path

    from hexaccount.bootstrap.service import Service
    from hexaccount.bootstrap.settings import Settings
    from hexaccount.events.ports import DeadLetters
    from hexaccount.kernel.bus import Bus
    from hexaccount.observability.diagnosis import Finding
    from hexaccount.passwords.hash_calibration import HashSpeeds
    from hexaccount_otel import Traces


class SettingsProgram(Program):
    """The Program that the settings describe."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._service: Service | None = None

    def configure(self, config: "Path | None") -> None:
        """Read and check the settings; raises ConfigurationError."""
        from hexaccount.bootstrap.logs import configure_logs  # noqa: PLC0415 - help needs none of it
        from hexaccount.bootstrap.settings_loading import load_settings  # noqa: PLC0415 - help needs none of it

        with _settings_at_fault():
            self._settings = load_settings(config, os.environ)
        configure_logs(self._settings.log)

    @property
    def settings(self) -> "Settings":
        """Return the settings, which `configure` has read."""
        assert self._settings is not None  # noqa: S101 - every command configures first
        return self._settings

    def bus(self) -> "Bus":
        """Return the bus on a store that is ready."""
        service = self._opened()
        with _settings_at_fault():
            return service.bus

    def dead_letters(self) -> "DeadLetters":
        """Return the deliveries that were given up."""
        return self._opened().store.dead_letters

    def migrate(self) -> Sequence[str]:
        """Make or upgrade the schema, and make a signing key where none is set."""
        from hexaccount.bootstrap.preparation import prepare  # noqa: PLC0415 - help needs none of it

        self._refuse_what_does_not_last()
        with _settings_at_fault():
            return prepare(self.settings)

    def serve(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        """Serve HTTP until a signal."""
        from hexaccount.bootstrap.http import serve_http  # noqa: PLC0415 - help needs none of it

        if not is_told_to_stop():
            serve_http(self.settings, host=host, port=port, workers=workers, echo=echo)

    def realtime(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        """Hold sockets until a signal."""
        from hexaccount.bootstrap.realtime import serve_realtime  # noqa: PLC0415 - help needs none of it

        self._refuse_what_does_not_last()
        if not is_told_to_stop():
            serve_realtime(self.settings, host=host, port=port, workers=workers, echo=echo)

    def relay(self, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
        """Deliver events until a signal."""
        from hexaccount.bootstrap.relaying import run_relays  # noqa: PLC0415 - help needs none of it
        from hexaccount.bootstrap.tracing import open_traces  # noqa: PLC0415 - help needs none of it

        if not is_told_to_stop():
            service = self._opened(traces=open_traces(self.settings), measured=metrics_port is not None)
            run_relays(service, metrics_host=metrics_host, metrics_port=metrics_port, echo=echo)

    def hash_speeds(self) -> "HashSpeeds":
        """Return how fast this machine hashes passwords."""
        from hexaccount_security.bcrypt_speed import BcryptSpeedometer  # noqa: PLC0415 - help needs none of it

        return BcryptSpeedometer().measure()

    def shown_settings(self) -> Mapping[str, object]:
        """Return every setting, secrets hidden."""
        from hexaccount.bootstrap.settings_loading import shown_settings  # noqa: PLC0415 - help needs none of it

        return shown_settings(self.settings)

    def examine(self) -> "Sequence[Finding]":
        """Return what is found of every part that the settings name."""
        from hexaccount.bootstrap.doctor import examine  # noqa: PLC0415 - help needs none of it

        return examine(self.settings)

    def close(self) -> None:
        """Let go of what was opened."""
        if self._service is not None:
            self._service.close()

    def _opened(self, traces: "Traces | None" = None, *, measured: bool = False) -> "Service":
        from hexaccount.bootstrap.preparation import check_store_is_there  # noqa: PLC0415 - help needs none of it
        from hexaccount.bootstrap.service import open_service  # noqa: PLC0415 - help needs none of it

        if self._service is None:
            self._refuse_what_does_not_last()
            check_store_is_there(self.settings)
            with _settings_at_fault():
                self._service = open_service(self.settings, traces=traces, measured=measured)
            self._service.store.check()
        return self._service

    def _refuse_what_does_not_last(self) -> None:
        from hexaccount.bootstrap.stores import STORES, kind_of  # noqa: PLC0415 - help needs none of it

        if not kind_of(self.settings).lasts:
            others = " or ".join(f"{scheme}://" for scheme, kind in STORES.items() if kind.lasts)
            raise ConfigurationError(
                f"store: {self.settings.store_kind}:// lives inside the one process of `hexaccount http`, which this "
                f"command is not; choose {others} to share a store"
            )


@contextmanager
def _settings_at_fault() -> Iterator[None]:
    from hexaccount.bootstrap.settings import SettingsError  # noqa: PLC0415 - help needs none of it

    try:
        yield
    except SettingsError as error:
        raise ConfigurationError(str(error)) from error
