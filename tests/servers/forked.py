"""Runs `hexaccount` as a fork of a process that has imported it: a start takes a tenth of the work.

A fork is `hexaccount` from its first line on. Tests of the start itself run the console script instead.
"""

import atexit
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from tests.permissions import WITHOUT_RIGHTS
from tests.servers import zygote
from tests.servers.processes import RunningCommand
from tests.servers.watchdog import guard_process

_ROOT = Path(__file__).parents[2]


class Forked:
    """A forked process, with the interface of subprocess.Popen."""

    def __init__(self, arguments: Sequence[str], pid: int, end: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._arguments = arguments
        self._end = end

    def __del__(self) -> None:
        if self.returncode is None:
            os.close(self._end)

    def poll(self) -> int | None:
        """Return the exit code, the negative signal number if a signal has killed it, None while it runs."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the exit code; raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            ended = select.poll()
            ended.register(self._end, select.POLLIN)
            if not ended.poll(None if timeout is None else timeout * 1000):
                raise subprocess.TimeoutExpired(["hexaccount", *self._arguments], timeout or 0)
            self.returncode = int(os.read(self._end, 16))
            os.close(self._end)
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, if it runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL."""
        self.send_signal(signal.SIGKILL)


class _Zygote:
    """A zygote of a test run, which ends with it; where it is `bound`, the permissions of files apply to root too."""

    def __init__(self, *, bound: bool) -> None:
        self._requesting = threading.Lock()
        self._channel, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with its:
            self._process = subprocess.Popen(
                [*(WITHOUT_RIGHTS if bound else ()), sys.executable, "-m", zygote.__name__, str(its.fileno())],
                cwd=_ROOT,
                pass_fds=[its.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        guard_process(self._process.pid, signal.SIGTERM)
        atexit.register(self._end)

    def _end(self) -> None:
        self._channel.close()
        self._process.wait()

    def fork(self, program: Mapping[str, object], files: Sequence[int]) -> int:
        with self._requesting:
            socket.send_fds(self._channel, [json.dumps(program).encode()], files)
            return int(self._channel.recv(16))


@cache
def _zygote(*, bound: bool) -> _Zygote:
    return _Zygote(bound=bound)


def fork(
    arguments: Sequence[str],
    *,
    output: int,
    errors: int,
    given: int,
    env: Mapping[str, str],
    cwd: Path,
    bound: bool = False,
) -> Forked:
    """Start `hexaccount` with arguments, in a new session; it cannot outlive the test run."""
    ours, its = os.pipe()
    program = {"arguments": list(arguments), "environment": dict(env), "directory": str(cwd)}
    try:
        pid = _zygote(bound=bound).fork(program, [given, output, errors, its])
    finally:
        os.close(its)
    guard_process(pid, signal.SIGTERM)
    return Forked(arguments, pid, ours)


def running(
    arguments: Sequence[str], *, output: Path, env: Mapping[str, str] | None = None, cwd: Path
) -> RunningCommand:
    """Start `hexaccount` with arguments; `env` is added to our own environment."""
    return RunningCommand(arguments, output=output, env=env, cwd=cwd, start=start)


def start(arguments: Sequence[str], *, output: Path, env: Mapping[str, str], cwd: Path) -> Forked:
    """Start `hexaccount` with arguments, its output appended to a file."""
    with Path(os.devnull).open() as given, output.open("ab") as log:
        return fork(arguments, given=given.fileno(), output=log.fileno(), errors=log.fileno(), env=env, cwd=cwd)


def run(
    arguments: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    text: str = "",
    timeout: float = 60,
    bound: bool = False,
) -> subprocess.CompletedProcess[str]:
    """Run `hexaccount` with arguments until it ends; kills it and raises TimeoutExpired after `timeout` seconds."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        given.write(text.encode())
        given.seek(0)
        files = {"given": given.fileno(), "output": output.fileno(), "errors": errors.fileno()}
        process = fork(arguments, env=env, cwd=cwd, bound=bound, **files)
        try:
            code = process.wait(timeout)
        finally:
            process.kill()
        written = [os.pread(file.fileno(), 1 << 30, 0).decode() for file in (output, errors)]
    return subprocess.CompletedProcess(["hexaccount", *arguments], code, *written)
