import logging
import threading
from collections.abc import Callable
from time import monotonic

_RETRY_PAUSE = 0.5
_MIN_INTERVAL = 2.0
"""Seconds between a probe that was answered and the next one: a server that is merely slow gets few of them."""

_log = logging.getLogger("hexaccount.sql")


class ServerProbe:
    """Checks in a background thread whether the database server answers, once a caller suspects that it hangs.

    A server that is down refuses connections at once; one that hangs would keep every thread waiting. While `silent` is
    True, callers fail without waiting. The thread probes until the server answers again.
    """

    def __init__(self, answers: Callable[[], bool]) -> None:
        """Take a function that returns within a few seconds whether the server answers."""
        self._answers = answers
        self._lock = threading.Lock()
        self._probing = False
        self._next_probe = 0.0
        self._closed = threading.Event()
        self.silent = False

    def suspect(self) -> None:
        """Start probing unless a probe runs or has just been answered; returns at once."""
        with self._lock:
            if self._probing or self._closed.is_set() or monotonic() < self._next_probe:
                return
            self._probing = True
        threading.Thread(target=self._probe, name="server-probe", daemon=True).start()

    def close(self) -> None:
        """Stop probing."""
        self._closed.set()

    def _probe(self) -> None:
        while not self._answers():
            if not self.silent:
                self.silent = True
                _log.warning("the database does not answer; requests that need it are refused until it does")
            if self._closed.wait(_RETRY_PAUSE):
                return
        if self.silent:
            self.silent = False
            _log.warning("the database answers again")
        with self._lock:
            self._probing, self._next_probe = False, monotonic() + _MIN_INTERVAL
