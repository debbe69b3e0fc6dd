import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


@contextmanager
def stop_signals_blocked() -> Iterator[None]:
    """Block the stop signals in this thread and in all threads and processes that it starts.

    The kernel keeps a blocked signal until a thread waits for it or unblocks it. So no signal hits a process that is
    still starting.
    """
    if multiprocessing.get_start_method() != "fork":
        # Starting the tracker unblocks the signals, so it starts before they are blocked.
        resource_tracker.ensure_running()
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        # A repeated stop signal asks for nothing more.
        while signal.sigtimedwait(STOP_SIGNALS, 0) is not None:
            pass
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
