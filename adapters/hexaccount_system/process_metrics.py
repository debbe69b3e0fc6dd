"""Processor time, memory, threads and files of this process."""

import resource
import threading
import time
from pathlib import Path

from hexaccount.kernel.metrics import Metrics
from hexaccount.observability.metrics import (
    PROCESS_CPU_SECONDS,
    PROCESS_MEMORY,
    PROCESS_OPEN_FILES,
    PROCESS_OPEN_FILES_LIMIT,
    PROCESS_THREADS,
    PROCESSES,
)

_PAGE = resource.getpagesize()
# https://www.kernel.org/doc/html/latest/filesystems/proc.html
_MEMORY = Path("/proc/self/statm")
_FILES = Path("/proc/self/fd")


def observe_process(metrics: Metrics) -> None:
    """Register a callback for each metric that the system provides."""
    metrics.observe_callback(PROCESSES, lambda: 1)
    metrics.observe_callback(PROCESS_CPU_SECONDS, time.process_time)
    metrics.observe_callback(PROCESS_THREADS, threading.active_count)
    metrics.observe_callback(PROCESS_OPEN_FILES_LIMIT, lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    if _MEMORY.exists():  # only on Linux
        metrics.observe_callback(PROCESS_MEMORY, lambda: int(_MEMORY.read_text().split()[1]) * _PAGE)
        metrics.observe_callback(PROCESS_OPEN_FILES, lambda: sum(1 for _ in _FILES.iterdir()))
