import logging
import threading

import psycopg
import sqlalchemy as sa

from hexaccount.application.commit_signal import CommitSignal
from hexaccount_sql.postgres_writer import COMMITS_CHANNEL

_log = logging.getLogger("hexaccount.sql")


class CommitListener:
    """Hears of commits in other processes, by LISTEN on a connection and in a thread of its own.

    It only shortens the wait: who relies on commits polls besides, so a lost connection is no more than slow.
    """

    def __init__(self, url: sa.URL, *, own_token: str, commits: CommitSignal) -> None:
        """Take where to listen, and the token of the commits in this process, whose signal has been given."""
        self._conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._own_token = own_token
        self._commits = commits
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commit-listener", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening, and wait until it has stopped."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                _log.warning("commits of other processes are not heard at this moment: %s", type(error).__name__)
                self._stopping.wait(1)

    def _listen(self) -> None:
        with psycopg.connect(self._conninfo, autocommit=True, connect_timeout=5) as connection:
            connection.execute(f"LISTEN {COMMITS_CHANNEL}")
            while not self._stopping.is_set():
                for notification in connection.notifies(timeout=0.5):
                    if notification.payload != self._own_token:
                        self._commits.give()
                    if self._stopping.is_set():
                        return
