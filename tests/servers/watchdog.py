"""Ends the servers of a test run and removes their directories once the run has ended in any way.

A test run that is killed cannot clean up. So it has a watchdog: this file, run as a separate process that reads from
a pipe. PR_SET_PDEATHSIG would not do: it fires when the *thread* that started a server ends, needs preexec_fn (which
warns in a process with threads) and removes no directory.
"""

import atexit
import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

_STOP_SECONDS = 1.0
_KILL_SECONDS = 10.0
_lock = threading.Lock()
_current: "_Watchdog | None" = None


def guard_process(pid: int, stop_signal: signal.Signals) -> None:
    """End a child, the leader of its session, with the test run: by its signal, then by SIGKILL."""
    _send_order("process", pid, _started(pid), int(stop_signal))


def guard_directory(path: Path) -> None:
    """Remove a directory at the end of the test run, if it still exists."""
    _send_order("directory", str(path))


def process_tree(root: int) -> list[int]:
    """Return the living processes of a leader, its session and all their descendants, the leader first."""
    members = {root}
    living = {pid: fields for pid in _pids() if (fields := _fields(pid))}
    while (
        fresh := {pid for pid, (_, parent, _, session, *_) in living.items() if {int(parent), int(session)} & members}
        - members
    ):
        members |= fresh
    return sorted(members & living.keys(), key=lambda pid: pid != root)


def freeze_tree(root: int) -> list[int]:
    """Stop a whole tree with SIGSTOP, so that it cannot grow, and return it."""
    frozen: list[int] = []
    while fresh := [pid for pid in process_tree(root) if pid not in frozen]:
        for pid in fresh:
            send(pid, signal.SIGSTOP)
        frozen += fresh
    return frozen


def kill_tree(root: int) -> None:
    """Kill a whole tree with SIGKILL and wait for its end; raises TimeoutError after 10 s."""
    doomed = {pid: _started(pid) for pid in freeze_tree(root)}
    for pid in doomed:
        send(pid, signal.SIGKILL)
    if not _gone(doomed, _KILL_SECONDS):
        raise TimeoutError(f"processes {sorted(doomed)} outlived SIGKILL")


def send(pid: int, number: signal.Signals) -> None:
    """Send a signal; a process that has ended is no error."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


class _Watchdog:
    def __init__(self) -> None:
        self.owner = os.getpid()
        # -I -S: it loads nothing of the test run, and measures no coverage.
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__, str(self.owner)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd="/",
            start_new_session=True,
        )
        atexit.register(self.close)

    def send(self, order: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(order)

    def close(self) -> None:
        if os.getpid() == self.owner and self._process.stdin:
            self._process.stdin.close()
            self._process.wait(timeout=4 * _KILL_SECONDS)


def _send_order(*order: object) -> None:
    global _current  # noqa: PLW0603 - one watchdog for each process, started at the first call
    with _lock:
        if _current is None or _current.owner != os.getpid():
            _current = _Watchdog()
        _current.send(json.dumps(order).encode() + b"\n")


def _pids() -> list[int]:
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208 - names are all we need


def _fields(pid: int) -> list[str]:
    """Return state, parent, group, session and so on from /proc, nothing if the process is dead."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return [] if fields[0] in "ZX" else fields


def _started(pid: int) -> str | None:
    """Return the start time of a process, which distinguishes it from a later one with the same id."""
    fields = _fields(pid)
    return fields[19] if fields else None


def _gone(processes: dict[int, str | None], patience: float) -> bool:
    deadline = time.monotonic() + patience
    while any(started and _started(pid) == started for pid, started in processes.items()):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


def _orders_until_the_end_of(run: int) -> bytes:
    pending_writes = b""
    while True:
        if select.select([0], [], [], 0.25)[0]:
            chunk = os.read(0, 65536)
            if not chunk:
                return pending_writes
            pending_writes += chunk
        elif os.getppid() != run:  # a forked child of the run may hold the pipe open
            return pending_writes


def _watch(run: int) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    pending_writes = [json.loads(line) for line in _orders_until_the_end_of(run).splitlines()]
    roots: dict[int, str | None] = {}
    doomed: dict[int, str | None] = {}
    for kind, subject, *identity in pending_writes:
        if kind != "process" or _started(subject) not in (identity[0], None):
            continue
        tree = process_tree(subject)
        roots[subject] = identity[0]
        doomed |= {pid: _started(pid) for pid in tree}
        for pid in tree:
            send(pid, signal.SIGCONT)
        send(subject, signal.Signals(identity[1]))
    _gone(roots, _STOP_SECONDS)
    for pid, started in (roots | doomed).items():
        if _started(pid) in (started, None):
            kill_tree(pid)
    for kind, subject, *_ in pending_writes:
        if kind == "directory":
            shutil.rmtree(subject, ignore_errors=True)


if __name__ == "__main__":
    _watch(int(sys.argv[1]))
