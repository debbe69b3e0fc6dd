"""The processor time of a process and all its children, with the precision of nanoseconds while they live."""

import os
import time
from pathlib import Path

import psycopg

from benchmarks.memory import process_tree


def processor_seconds(pid: int) -> float:
    """Return the processor time of a process and its children, in user and system mode.

    That of children which have ended is known in hundredths of a second.
    """
    return sum(_living_seconds(process) + _ended_seconds(process) for process in process_tree(pid))


def postgresql_server(url: str) -> int:
    """Return the process id of the PostgreSQL server at `url`, on this machine, which has the others as children."""
    with psycopg.connect(url) as connection:
        status = Path(f"/proc/{connection.info.backend_pid}/status").read_text()
    return int(status.partition("PPid:")[2].split()[0])


def _living_seconds(process: int) -> float:
    # https://man7.org/linux/man-pages/man3/clock_getcpuclockid.3.html: the clock id of a process on Linux
    try:
        return time.clock_gettime(~process << 3 | 2)
    except OSError:
        return 0.0  # it has just ended


def _ended_seconds(process: int) -> float:
    # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: cutime and cstime, counted after the name
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def settled_processor_seconds(pid: int, *, within: float = 20) -> float:
    """Return the processor time once background work is done, so that it hardly rises."""
    deadline = time.monotonic() + within
    before, used = processor_seconds(pid), 1.0
    while used > 0.005 and time.monotonic() < deadline:
        time.sleep(0.2)
        now = processor_seconds(pid)
        before, used = now, now - before
    return before
