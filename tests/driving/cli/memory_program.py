"""A Program with the real handlers and the memory store; as a module it runs one command line."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.bootstrap.settings_display import shown_settings
from hexaccount.events.ports import DeadLetters
from hexaccount.kernel.bus import MessageBus
from hexaccount.mail.ports import MailTemplates
from hexaccount.observability.diagnosis import Finding
from hexaccount.passwords.hash_calibration import HashSpeed, HashSpeeds
from hexaccount_click.cli import cli
from hexaccount_click.program import Program

if TYPE_CHECKING:
    from hexaccount.bootstrap.service import Service

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "tests.driving.cli.memory_program")


@dataclass
class MemoryProgram(Program):
    """Keeps its store between commands, and records its arguments.

    `configure`, whatever opens the store, and `close` raise the errors that are set for them.
    """

    configure_error: Exception | None = None
    open_error: BaseException | None = None
    close_error: BaseException | None = None
    configs: list[Path | None] = field(default_factory=list)
    served: dict[str, object] = field(default_factory=dict)
    metrics_address: tuple[str, int | None] | None = None
    closed: int = 0
    findings: Sequence[Finding] = ()
    settings: Settings = field(
        default_factory=lambda: Settings(store="memory://", password=PasswordSettings(cost=4)),
    )

    @cached_property
    def service(self) -> "Service":
        # Here, as in the program itself: a command that needs no store starts in a third of the time.
        from hexaccount.bootstrap.service import open_service

        return open_service(self.settings)

    def configure(self, config: Path | None) -> None:
        self.configs.append(config)
        if self.configure_error:
            raise self.configure_error

    def event_types(self) -> Sequence[str]:
        from hexaccount.bootstrap.capabilities import event_types

        return event_types()

    def roles(self) -> Sequence[str]:
        return ["user", "admin", *sorted(self.settings.roles)]

    def bus(self) -> MessageBus:
        self._open()
        return self.service.bus

    def dead_letters(self) -> DeadLetters:
        self._open()
        return self.service.store.dead_letters

    def migrate(self) -> Sequence[str]:
        return [f"schema {self.service.store.migrate()}", "signing key: of this process only"]

    def serve(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        self._open()
        self.served = {"host": host, "port": port, "workers": workers}
        echo(f"listening on http://{host}:{port}")

    def relay(self, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
        self.metrics_address = metrics_host, metrics_port
        self.service.deliver_all()
        echo("delivering")

    def hash_speeds(self) -> HashSpeeds:
        """Return the speeds of a machine whose two cores take 250 ms for a hash of cost 12."""
        costs = range(8, 16)
        seconds = {cost: 0.25 * 2.0 ** (cost - 12) for cost in costs}
        speeds = [
            HashSpeed(cost=cost, seconds=seconds[cost], per_second=2 / seconds[cost], measured=cost < 14)
            for cost in costs
        ]
        return HashSpeeds(engine="interleaved", cores=2, speeds=speeds)

    def shown_settings(self) -> Mapping[str, object]:
        return shown_settings(self.settings)

    def mail_samples(self) -> Mapping[str, Mapping[str, object]]:
        from hexaccount_mail_templates import SAMPLES

        return SAMPLES

    def mail_templates(self) -> MailTemplates:
        from hexaccount_mail_templates import FileTemplates

        return FileTemplates()

    def run_checks(self) -> Sequence[Finding]:
        return self.findings

    def close(self) -> None:
        self.closed += 1
        if self.close_error:
            raise self.close_error

    def _open(self) -> None:
        if self.open_error:
            raise self.open_error


if __name__ == "__main__":
    if sys.stdin is not None and sys.stdin.isatty():
        # Make the terminal the controlling one of this session, as a shell does.
        os.close(os.open(os.ttyname(0), os.O_RDWR))
    cli(obj=MemoryProgram())
