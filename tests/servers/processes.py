import configparser
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from tests.servers.unprivileged import Identity
from tests.servers.watchdog import guard_process, kill_tree

_ROOT = Path(__file__).parents[2]
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ServerNotReady(Exception):
    """A server ended, or did not respond in time."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(f"{what}; the end of its output:\n{output or '(nothing)'}")


class ServerNotStopped(Exception):
    """A server did not end after its stop signal, and was killed."""

    def __init__(self, what: str, output: str) -> None:
        super().__init__(f"{what}; the end of its output:\n{output or '(nothing)'}")


def spawn(
    argv: Sequence[str | Path],
    *,
    output: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    identity: Identity | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a process in a new session that cannot outlive the test run; its output is appended to a file."""
    with output.open("ab") as log:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=cwd,
            start_new_session=True,
            user=identity.uid if identity else None,
            group=identity.gid if identity else None,
            extra_groups=[] if identity else None,
        )
    guard_process(process.pid, stop_signal)
    return process


def without_coverage() -> dict[str, str]:
    """Return this environment without the variables that start coverage in a process."""
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}


def console_command(name: str) -> list[str]:
    """Return the arguments that run a console script: the installed one, else as setup.cfg declares it."""
    script = Path(sys.executable).parent / name
    if script.is_file():
        return [str(script)]
    setup = configparser.ConfigParser()
    setup.read(_ROOT / "setup.cfg")
    for line in setup["options.entry_points"]["console_scripts"].splitlines():
        declared, _, target = (part.strip() for part in line.partition("="))
        if declared == name:
            module, _, function = target.partition(":")
            return [sys.executable, "-c", f"import sys; from {module} import {function}; sys.exit({function}())"]
    raise LookupError(f"setup.cfg declares no console script {name!r}")


class Process(Protocol):
    """The part of subprocess.Popen that is used here."""

    pid: int

    @property
    def returncode(self) -> int | None: ...

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...

    def send_signal(self, number: int, /) -> None: ...

    def terminate(self) -> None: ...

    def kill(self) -> None: ...


class RunningCommand:
    """A command that runs until its block ends."""

    def __init__(
        self,
        argv: Sequence[str | Path],
        *,
        output: Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        start: Callable[..., Process] = spawn,
    ) -> None:
        """Start it; `env` is added to this environment."""
        self._argv = [str(part) for part in argv]
        self._output = output
        self.process = start(self._argv, output=output, env={**os.environ, **(env or {})}, cwd=cwd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.terminate()
        kill_tree(self.process.pid)  # children that it may have left

    @property
    def output(self) -> str:
        """Its standard output and error so far."""
        return self._output.read_text(errors="replace")

    def wait_for_ok(self, url: str, *, timeout: float = 20) -> None:
        """Wait until a GET of the URL returns 200; raises ServerNotReady after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        while not answers_ok(url):
            if (code := self.process.poll()) is not None:
                raise ServerNotReady(f"{self._argv} ended with {code} before {url} answered", tail(self._output))
            if time.monotonic() > deadline:
                raise ServerNotReady(f"{url} of {self._argv} gave no 200 in {timeout} s", tail(self._output))
            time.sleep(0.02)

    def terminate(self, *, timeout: float = 15) -> int:
        """Send SIGTERM and return the exit code; kills it and raises ServerNotStopped after `timeout` seconds."""
        self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise ServerNotStopped(f"{self._argv} still ran {timeout} s after SIGTERM", tail(self._output)) from None

    def kill(self) -> None:
        """Kill it and all its descendants."""
        kill_tree(self.process.pid)
        self.process.wait()


def answers_ok(url: str) -> bool:
    """Return whether a GET of the URL returns 200 within two seconds, without a proxy."""
    try:
        with _DIRECT.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError as refusal:
        refusal.close()
        return False
    except OSError:
        return False


def tail(output: Path, lines: int = 30) -> str:
    """Return the last lines of a file, nothing if it does not exist."""
    if not output.exists():
        return ""
    return "\n".join(output.read_text(errors="replace").splitlines()[-lines:])
