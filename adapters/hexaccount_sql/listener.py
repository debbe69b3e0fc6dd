import logging
import threading

import psycopg

from hexaccount_sql.commit_notifier import COMMITS_CHANNEL, CommitNotifier
from hexaccount_sql.postgres_session import begin_session
from hexaccount_sql.postgres_url import PostgresUrl

# A hanging server may block the thread, which is a daemon: `stop` need not wait for its end.
_STOP_TIMEOUT = 2
_PAUSE = 1.0
_TRIAL = 1.0

_log = logging.getLogger("hexaccount.sql")


class CommitListener:
    """Signals commits of other processes, by LISTEN in a background thread.

    It only shortens latency: relays also poll, so a lost connection delays and loses nothing. On a server that has no
    LISTEN the thread ends.
    """

    def __init__(self, url: PostgresUrl, commits: CommitNotifier) -> None:
        """Take the server and the signal to give."""
        self._url = url
        self._commits = commits
        self._lost = False
        self._refused = False
        self._tried = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commit-listener", daemon=True)

    def start(self) -> bool:
        """Start the thread, and return whether the server has LISTEN, which one that hangs is believed to have."""
        self._thread.start()
        self._tried.wait(_TRIAL)
        return not self._refused

    def stop(self) -> None:
        """Stop the threads of this and of the signal; returns within seconds even if the server hangs."""
        self._commits.stop()
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_TIMEOUT)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except (psycopg.ProgrammingError, psycopg.NotSupportedError) as error:
                _log.info("the server has no LISTEN: commits of other processes are only polled: %s", error)
                self._refused = True
                self._tried.set()
                return
            except psycopg.Error as error:
                if not self._lost:
                    reason = " ".join(str(error).split())  # libpq's text never contains the password
                    _log.warning("commits of other processes are not signalled, only polled: %s", reason)
                self._lost = True
                self._tried.set()
                self._stopping.wait(_PAUSE)

    def _listen(self) -> None:
        with psycopg.connect(**self._url.parameters, autocommit=True) as connection:
            begin_session(connection, self._url, unbounded=True)
            connection.execute(f"LISTEN {COMMITS_CHANNEL}")
            self._tried.set()
            if self._lost:
                self._lost = False
                _log.warning("commits of other processes are signalled again")
            # Commits before LISTEN were not signalled.
            self._commits.receive("")
            while not self._stopping.is_set():
                for notification in connection.notifies(timeout=0.5):
                    self._commits.receive(notification.payload)
                    if self._stopping.is_set():
                        return
