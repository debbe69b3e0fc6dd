"""The life cycle of a server process that the tests own."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from tests.servers.ports import free_port
from tests.servers.processes import ServerNotReady, ServerNotStopped, spawn, tail
from tests.servers.unprivileged import Identity
from tests.servers.watchdog import freeze_tree, guard_directory, kill_tree, process_tree, send

START_TIMEOUT = 30.0
_STOP_TIMEOUT = 15.0


class OwnServer(ABC):
    """A server that tests may stop, kill, pause and start again on the same port and data."""

    title: ClassVar[str]
    stop_signal: ClassVar[signal.Signals] = signal.SIGTERM
    environment: ClassVar[Mapping[str, str] | None] = None
    working_directory: ClassVar[Path | None] = None

    def __init__(self, directory: Path, *, identity: Identity | None = None) -> None:
        """Keep its data and its log under `directory`; it runs as `identity`, else as we do."""
        self.port = free_port()
        self.identity = identity
        self._directory = directory
        self._home: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """The URL for clients."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """Return its command line."""

    @abstractmethod
    def answers(self) -> bool:
        """Return whether it serves requests."""

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def home(self) -> Path:
        """The folder of its data and its log, which exists from the first start to the close."""
        if self._home is None:
            raise RuntimeError("this server was not started yet")
        return self._home

    @property
    def data(self) -> Path:
        """The folder of its data."""
        return self.home / "data"

    @property
    def running(self) -> bool:
        """Whether it was started, and not stopped or killed since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The id of its first process, the ancestor of all others."""
        if self._process is None:
            raise RuntimeError("this server does not run")
        return self._process.pid

    @property
    def log(self) -> str:
        """The end of what it logged."""
        return tail(self.home / "log")

    def start(self) -> None:
        """Start it on its data and wait until it answers; raises ServerNotReady after 30 s."""
        if self._process is not None:
            raise RuntimeError("this server runs already")
        if self._home is None:
            try:
                self.make_home()
            except BaseException:
                self.close()
                raise
        self._process = self.spawn(self.command())
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Shut it down by its stop signal, if it runs; raises ServerNotStopped after 15 s."""
        if self._process is None:
            return
        self.resume()
        self._process.send_signal(self.stop_signal)
        try:
            self._process.wait(_STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.kill()
            message = f"{self.title} still ran {_STOP_TIMEOUT} s after {self.stop_signal.name}"
            raise ServerNotStopped(message, self.log) from None
        self._process = None

    def kill(self) -> None:
        """Kill all its processes at once with SIGKILL; unlike in a power cut, the disk keeps what was written."""
        kill_tree(self.pid)
        if self._process:
            self._process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop it if it runs, and start it on the same port and data."""
        self.stop()
        self.start()

    def pause(self) -> None:
        """Stop its processes with SIGSTOP: connections stay open and get no answer."""
        freeze_tree(self.pid)

    def resume(self) -> None:
        """Continue after a pause."""
        for pid in process_tree(self.pid):
            send(pid, signal.SIGCONT)

    def close(self) -> None:
        """Stop it and remove its data."""
        try:
            self.stop()
        finally:
            if self._home is not None:
                shutil.rmtree(self._home)
                self._home = None

    def spawn(self, argv: Sequence[str | Path]) -> subprocess.Popen[bytes]:
        """Start a process with the environment, directory and user of the server."""
        return spawn(
            argv,
            output=self.home / "log",
            env=self.environment,
            cwd=self.working_directory or self.home,
            identity=self.identity,
            stop_signal=self.stop_signal,
        )

    def make_home(self) -> None:
        """Make the folder of its log, with the folder of its data in it."""
        self._home = Path(tempfile.mkdtemp(prefix=f"{self.title.lower()}-", dir=self._directory))
        guard_directory(self._home)
        self.data.mkdir(mode=0o700)
        if self.identity:
            for folder in (self.home, self.data):
                os.chown(folder, self.identity.uid, self.identity.gid)

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT
        pause = 0.01
        while not self.answers():
            if self._process and (code := self._process.poll()) is not None:
                raise ServerNotReady(f"{self.title} ended with {code} at its start", self.log)
            if time.monotonic() > deadline:
                raise ServerNotReady(f"{self.title} did not answer within {START_TIMEOUT} s", self.log)
            time.sleep(pause)
            pause = min(2 * pause, 0.1)
