"""SIGTERM and SIGINT as orders to a process that lasts: none is lost, and none hits it while it is just beginning.

What is held back is kept by the kernel until somebody takes it, or lets it through.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

# `timeout`, process managers and wrappers in a terminal may send one order twice: to the process and to its group.
_ECHO = 0.5
_GLANCE = 0.1


def hold_stop_signals() -> None:
    """Hold the stop signals back in this thread and those that it starts, to the end of the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


@contextmanager
def stop_signals_held() -> Iterator[None]:
    """Hold the stop signals back in this thread and those that it starts, and forget at the end what nobody took."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        while signal.sigtimedwait(STOP_SIGNALS, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def is_told_to_stop() -> bool:
    """Tell whether a signal that is held back waits to be taken."""
    return bool(signal.sigpending() & STOP_SIGNALS)


@contextmanager
def ended_by_the_next_signal() -> Iterator[None]:
    """End the process at once, with exit code 0, when another signal comes in the block that is no echo of the last."""
    over = threading.Event()
    echoes_end = time.monotonic() + _ECHO

    def watch() -> None:
        while not over.is_set():
            if signal.sigtimedwait(STOP_SIGNALS, _GLANCE) is not None and time.monotonic() >= echoes_end:
                os._exit(0)

    watcher = threading.Thread(target=watch, name="stop-signals", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
