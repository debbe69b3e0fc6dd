"""The service behind the command line, opened when a command first needs it.

Every command imports this module, `--help` included, so that it imports what it needs where it is used.
"""

import gc
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from hexaccount.bootstrap.stop_signals import stop_requested
from hexaccount_click.program import ConfigurationError, Program

if TYPE_CHECKING:
    from pathlib import Path

    import click

    from hexaccount.bootstrap.service import Service
    from hexaccount.bootstrap.settings import Settings
    from hexaccount.events.ports import DeadLetters
    from hexaccount.kernel.bus import MessageBus
    from hexaccount.mail.ports import MailTemplates
    from hexaccount.observability.diagnosis import Finding
    from hexaccount.passwords.hash_calibration import HashSpeeds
    from hexaccount_otel import Traces


class SettingsProgram(Program):
    """Opens the service that the settings describe."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._service: Service | None = None

    def configure(self, config: "Path | None") -> None:
        """Read and validate the settings; raises ConfigurationError."""
        from hexaccount.bootstrap.logs import configure_logs
        from hexaccount.bootstrap.settings_loading import load_settings

        with _settings_errors():
            self._settings = load_settings(config, os.environ)
        configure_logs(self._settings.log)

    def event_types(self) -> Sequence[str]:
        from hexaccount.bootstrap.capabilities import event_types

        with _settings_errors():
            return event_types()

    def roles(self) -> Sequence[str]:
        from hexaccount.accounts.role import Role

        return [Role.USER.name, Role.ADMIN.name, *sorted(self.settings.roles)]

    def commands(self) -> "Mapping[str, Callable[[], click.Command]]":
        from hexaccount.bootstrap import plugins

        return {name: partial(_command, name) for name in plugins.plugin_names(plugins.COMMANDS)}

    @property
    def settings(self) -> "Settings":
        assert self._settings is not None  # noqa: S101 - every command configures first
        return self._settings

    def bus(self) -> "MessageBus":
        service = self._opened()
        with _settings_errors():
            return service.bus

    def dead_letters(self) -> "DeadLetters":
        return self._opened().store.dead_letters

    def migrate(self) -> Sequence[str]:
        """Create or upgrade the schema, and create a signing key if none is set."""
        from hexaccount.bootstrap.preparation import prepare

        self._require_persistent_store()
        _collect_garbage()
        with _settings_errors():
            return prepare(self.settings)

    def serve(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        from hexaccount.bootstrap.http import serve_http

        if not stop_requested():
            with _settings_errors():
                serve_http(self.settings, host=host, port=port, workers=workers, echo=echo)

    def realtime(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        from hexaccount.bootstrap.realtime import serve_realtime

        self._require_persistent_store()
        if not stop_requested():
            with _settings_errors():
                serve_realtime(self.settings, host=host, port=port, workers=workers, echo=echo)

    def relay(self, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
        from hexaccount.bootstrap.key_file import root_key_of
        from hexaccount.bootstrap.relaying import run_relays
        from hexaccount.bootstrap.tracing import open_traces

        with _settings_errors():
            root_key_of(self.settings)  # the events of the store are encrypted
        if not stop_requested():
            service = self._opened(traces=open_traces(self.settings), measured=metrics_port is not None)
            run_relays(service, metrics_host=metrics_host, metrics_port=metrics_port, echo=echo)

    def hash_speeds(self) -> "HashSpeeds":
        from hexaccount.bootstrap.hashers import bcrypt_engine
        from hexaccount_security.bcrypt_speed import BcryptSpeedometer

        return BcryptSpeedometer(bcrypt_engine(self.settings)).measure()

    def shown_settings(self) -> Mapping[str, object]:
        from hexaccount.bootstrap.settings_display import shown_settings

        return shown_settings(self.settings)

    def mail_samples(self) -> "Mapping[str, Mapping[str, object]]":
        from hexaccount_mail_templates import SAMPLES

        return SAMPLES

    def mail_templates(self) -> "MailTemplates":
        from hexaccount.bootstrap.mail_templates import open_templates

        with _settings_errors():
            return open_templates(self.settings)

    def run_checks(self) -> "Sequence[Finding]":
        from hexaccount.bootstrap.doctor import run_checks

        return run_checks(self.settings)

    def close(self) -> None:
        if self._service is not None:
            self._service.close()

    def _opened(self, traces: "Traces | None" = None, *, measured: bool = False) -> "Service":
        from hexaccount.bootstrap.preparation import check_store_exists
        from hexaccount.bootstrap.service import open_service

        if self._service is None:
            self._require_persistent_store()
            with _settings_errors():
                check_store_exists(self.settings)
                self._service = open_service(self.settings, traces=traces, measured=measured)
            _collect_garbage()
            self._service.store.check()
        return self._service

    def _require_persistent_store(self) -> None:
        from hexaccount.bootstrap.stores import STORES, kind_of

        if not kind_of(self.settings).persistent:
            others = " or ".join(f"{scheme}://" for scheme, kind in STORES.items() if kind.persistent)
            raise ConfigurationError(
                f"store: choose {others}; {self.settings.store_kind}:// exists only inside the one process of "
                "`hexaccount http`"
            )


def _collect_garbage() -> None:
    """Collect garbage from now on, and never among what was imported before."""
    gc.freeze()
    gc.enable()


def _command(name: str) -> "click.Command":
    import click

    from hexaccount.bootstrap import plugins

    plugin = plugins.find_plugin(plugins.COMMANDS, name)
    assert plugin is not None  # noqa: S101 - the names are those of plug-ins
    with _settings_errors():
        return plugin.load(click.Command)


@contextmanager
def _settings_errors() -> Iterator[None]:
    from hexaccount.bootstrap.plugins import PluginError
    from hexaccount.bootstrap.settings import SettingsError

    try:
        yield
    except (PluginError, SettingsError) as error:
        raise ConfigurationError(str(error)) from error
