import logging
import threading
from collections.abc import Mapping
from typing import Any

import psycopg

from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount_sql.postgres_writer import COMMITS_CHANNEL

# A server that hangs may hold up the thread; as nothing depends on its end, nobody waits for it longer than this.
_STOP_WAIT = 2
_PAUSE = 1.0

_log = logging.getLogger("hexaccount.sql")


class CommitListener:
    """Hears of commits in other processes, by LISTEN on a connection and in a thread of its own.

    It only shortens the wait: who relies on commits polls besides, so a lost connection is no more than slow.
    """

    def __init__(self, arguments: Mapping[str, Any], *, own_token: str, commits: CommitSignal) -> None:
        """Take where to listen, in psycopg's words, and the token of the commits that need no telling."""
        self._arguments = arguments
        self._own_token = own_token
        self._commits = commits
        self._deaf = False
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commit-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join(_STOP_WAIT)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                if not self._deaf:
                    told = " ".join(str(error).split())  # in which a password never stands
                    _log.warning("commits of other processes are not heard at this moment: %s", told)
                self._deaf = True
                self._stopping.wait(_PAUSE)

    def _listen(self) -> None:
        with psycopg.connect(**self._arguments, autocommit=True) as connection:
            connection.execute(f"LISTEN {COMMITS_CHANNEL}")
            if self._deaf:
                self._deaf = False
                _log.warning("commits of other processes are heard again")
            # What was committed while nobody listened may have been missed.
            self._commits.give()
            while not self._stopping.is_set():
                for notification in connection.notifies(timeout=0.5):
                    if notification.payload != self._own_token:
                        self._commits.give()
                    if self._stopping.is_set():
                        return
