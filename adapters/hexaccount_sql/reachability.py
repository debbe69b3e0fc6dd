import logging
import threading
from collections.abc import Callable
from time import monotonic

_PAUSE = 0.5
_CALM = 2.0
"""Seconds after a word of the server's for which it is not looked at again: one that is just slow is spared."""

_log = logging.getLogger("hexaccount.sql")


class Reachability:
    """Whether the database's server answers, as far as is known.

    A server that is down refuses at once; one that hangs, or whose network is gone, keeps everybody waiting, and those
    who wait for a thread behind them. So whoever has waited for long has it looked at, by a thread of its own; and
    while it is `silent` nobody waits for it.
    """

    def __init__(self, speaks: Callable[[], bool]) -> None:
        """Take what tells within a few seconds whether the server says anything."""
        self._speaks = speaks
        self._lock = threading.Lock()
        self._looking = False
        self._next_look = 0.0
        self._over = threading.Event()
        self.silent = False

    def suspect(self) -> None:
        """Have the server looked at, unless it just was, and return at once."""
        with self._lock:
            if self._looking or self._over.is_set() or monotonic() < self._next_look:
                return
            self._looking = True
        threading.Thread(target=self._look, name="reachability", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._over.set()

    def _look(self) -> None:
        while not self._speaks():
            if not self.silent:
                self.silent = True
                _log.warning("the database is silent; whoever needs it is refused until it says something")
            if self._over.wait(_PAUSE):
                return
        if self.silent:
            self.silent = False
            _log.warning("the database says something again")
        with self._lock:
            self._looking, self._next_look = False, monotonic() + _CALM
