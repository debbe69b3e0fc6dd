"""A Program over the real handlers and the memory store; run as a module it is the command line of one process."""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from hexaccount.bootstrap.service import Service, open_service
from hexaccount.bootstrap.settings import PasswordSettings, Settings
from hexaccount.bootstrap.settings_loading import shown_settings
from hexaccount.events.ports import DeadLetters
from hexaccount.kernel.bus import Bus
from hexaccount.observability.diagnosis import Finding
from hexaccount.passwords.hash_calibration import HashSpeed, HashSpeeds
from hexaccount_click.cli import cli
from hexaccount_click.program import Program

ROOT = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "tests.driving.cli.memory_program")


@dataclass
class MemoryProgram(Program):
    """Keeps its accounts from one command to the next, and what it was told.

    `trouble` is what opening meets, `late_trouble` what closing does.
    """

    trouble: BaseException | None = None
    late_trouble: BaseException | None = None
    misconfigured: Exception | None = None
    configs: list[Path | None] = field(default_factory=list)
    served: dict[str, object] = field(default_factory=dict)
    closed: int = 0
    findings: Sequence[Finding] = ()
    settings: Settings = field(
        default_factory=lambda: Settings(store="memory://", password=PasswordSettings(cost=4)),
    )

    @cached_property
    def service(self) -> Service:
        return open_service(self.settings)

    def configure(self, config: Path | None) -> None:
        self.configs.append(config)
        if self.misconfigured:
            raise self.misconfigured

    def bus(self) -> Bus:
        self._meet_trouble()
        return self.service.bus

    def dead_letters(self) -> DeadLetters:
        self._meet_trouble()
        return self.service.store.dead_letters

    def migrate(self) -> Sequence[str]:
        return [f"schema {self.service.store.migrate()}", "signing key: of this process only"]

    def serve(self, *, host: str, port: int, workers: int, echo: Callable[[str], None]) -> None:
        self._meet_trouble()
        self.served = {"host": host, "port": port, "workers": workers}
        echo(f"listening on http://{host}:{port}")

    def relay(self, *, metrics_host: str, metrics_port: int | None, echo: Callable[[str], None]) -> None:
        self.told_on = metrics_host, metrics_port
        self.service.deliver_all()
        echo("delivering")

    def hash_speeds(self) -> HashSpeeds:
        """Tell of a machine whose two cores take 250 ms for a hash of cost 12."""
        costs = range(8, 16)
        taken = {cost: 0.25 * 2.0 ** (cost - 12) for cost in costs}
        speeds = [
            HashSpeed(cost=cost, seconds=taken[cost], per_second=2 / taken[cost], measured=cost < 14) for cost in costs
        ]
        return HashSpeeds(cores=2, speeds=speeds)

    def shown_settings(self) -> Mapping[str, object]:
        return shown_settings(self.settings)

    def examine(self) -> Sequence[Finding]:
        return self.findings

    def close(self) -> None:
        self.closed += 1
        if self.late_trouble:
            raise self.late_trouble

    def _meet_trouble(self) -> None:
        if self.trouble:
            raise self.trouble


if __name__ == "__main__":
    if sys.stdin.isatty():
        os.close(os.open(os.ttyname(0), os.O_RDWR))  # the terminal becomes this session's own, as a shell makes it
    cli(obj=MemoryProgram())
