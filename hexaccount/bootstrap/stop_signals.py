"""Blocks SIGTERM and SIGINT, so that neither is lost while a process starts nor raised in the middle of an import.

The kernel keeps a blocked signal pending until `sigwait` takes it or it is unblocked (ADR 18).
"""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})

_DUPLICATE_WINDOW = 0.5
"""Seconds in which a second signal counts as the first: `timeout` and terminals signal a process and its group."""


def block_stop_signals() -> None:
    """Block the stop signals in this thread and in those that it starts from now on."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)


def stop_requested() -> bool:
    """Return whether a blocked stop signal is pending."""
    return bool(signal.sigpending() & STOP_SIGNALS)


@contextmanager
def exit_on_next_signal() -> Iterator[None]:
    """Exit the process at once with code 0 on another stop signal in the block; for the main thread only."""
    window_end = time.monotonic() + _DUPLICATE_WINDOW

    def exit_at_once(*_: object) -> None:
        if time.monotonic() >= window_end:
            os._exit(0)

    handlers = {number: signal.signal(number, exit_at_once) for number in STOP_SIGNALS}
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        block_stop_signals()
        for number, handler in handlers.items():
            signal.signal(number, handler)
