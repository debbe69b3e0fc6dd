"""Processes of `hexaccount relay` that are killed and restarted."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import forked
from tests.servers.processes import tail


@dataclass
class Fleet:
    """Relays on one store; each start of a relay writes to its own file."""

    folder: Path
    settings: Mapping[str, str]
    size: int
    kills: int = 0
    _starts: int = 0
    _running: dict[int, tuple[forked.Forked, Path]] = field(default_factory=dict)

    def start(self) -> None:
        """Start the relays that do not run."""
        for number in range(self.size):
            if number not in self._running:
                self._starts += 1
                output = self.folder / f"relay-{self._starts}"
                env = {**os.environ, **self.settings}
                self._running[number] = forked.start(["relay"], output=output, env=env, cwd=self.folder), output

    def at_work(self) -> list[int]:
        """Return the relays that have begun to deliver; fails if one has ended by itself."""
        for process, output in self._running.values():
            assert process.poll() is None, f"a relay ended with {process.returncode}: {tail(output)}"
        return [
            number
            for number, (_, output) in self._running.items()
            if "delivering events to" in output.read_text(errors="replace")
        ]

    def kill(self, *numbers: int) -> None:
        """Kill these relays with SIGKILL at the same moment."""
        for number in numbers:
            self._running[number][0].kill()
        for number in numbers:
            process, _ = self._running.pop(number)
            assert process.wait(10) == -signal.SIGKILL
            self.kills += 1

    def stop(self) -> list[int]:
        """Stop all with SIGTERM and return their exit codes."""
        for process, _ in self._running.values():
            process.terminate()
        codes = [process.wait(30) for process, _ in self._running.values()]
        self._running.clear()
        return codes

    def output(self) -> str:
        """Return the output of all relays since their first start."""
        return "".join(output.read_text(errors="replace") for output in sorted(self.folder.glob("relay-*")))


@contextmanager
def running_fleet(folder: Path, settings: Mapping[str, str], *, size: int) -> Iterator[Fleet]:
    """Run relays; none is left after the block."""
    fleet = Fleet(folder, settings, size)
    try:
        fleet.start()
        yield fleet
    finally:
        fleet.kill(*fleet._running)
