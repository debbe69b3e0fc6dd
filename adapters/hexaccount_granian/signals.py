import multiprocessing
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import resource_tracker

STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


@contextmanager
def stop_signals_held() -> Iterator[None]:
    """Hold the stop signals back in this thread and in all threads and processes that it starts.

    What is held is not lost: the kernel keeps it until somebody takes or unblocks it. So none finds a process between
    its birth and the moment when it can obey.
    """
    if multiprocessing.get_start_method() != "fork":
        # Its start unblocks the signals, so it had better be over.
        resource_tracker.ensure_running()
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        # What came after the end was asked for has nothing left to say.
        while signal.sigtimedwait(STOP_SIGNALS, 0) is not None:
            pass
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
