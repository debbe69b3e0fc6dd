import logging
import threading
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import exc

from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.unit_of_work import StoreUnavailable
from hexaccount_sql.errors import store_errors
from hexaccount_sql.plain_connection import PlainConnection

COMMITS_CHANNEL = "hexaccount_commits"
_PAUSE = 0.02
_STOP_TIMEOUT = 2
# The notification itself may be lost, so that nothing waits for the disk or a standby.
_NOTIFY = sa.select(
    sa.func.set_config("synchronous_commit", "off", sa.true()),
    sa.func.pg_notify(COMMITS_CHANNEL, sa.bindparam("token", type_=sa.Text)),
)

_log = logging.getLogger("hexaccount.sql")


class CommitNotifier(CommitSignal):
    """The signal of a process's commits, which PostgreSQL passes on to other processes.

    A commit does not notify by itself: transactions that do so commit one after the other on the whole cluster, each
    with its flush and its wait for standbys (PreCommit_Notify in PostgreSQL's async.c). A background thread notifies
    for all commits of some 20 milliseconds, once. It only shortens latency, as relays also poll.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Take the engine whose connections the thread uses; it starts with the first commit."""
        super().__init__()
        self._engine = engine
        self._token = uuid4().hex
        self._due = threading.Event()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None

    def give(self) -> None:
        """Wake all waiting threads, and soon those of other processes."""
        super().give()
        self._due.set()
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="commit-notifier", daemon=True)
                self._thread.start()

    def receive(self, token: str) -> None:
        """Wake all waiting threads for a notification of another process."""
        if token != self._token:
            self.wake()

    def stop(self) -> None:
        """Pass on the last commits, and end the thread; returns within seconds even if the server hangs."""
        self._stopping.set()
        self._due.set()
        if self._thread is not None:
            self._thread.join(_STOP_TIMEOUT)

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._due.wait()
            is_last = self._stopping.is_set()
            self._due.clear()
            try:
                with store_errors(), PlainConnection(self._engine) as connection:
                    connection.fetch(_NOTIFY, {"token": self._token})
            except StoreUnavailable as error:
                _log.debug("other processes learn of a commit by polling: %s", error)
            except exc.DBAPIError as error:
                _log.info("the server has no pg_notify: other processes only poll for commits: %s", error.orig)
                return
            self._stopping.wait(_PAUSE)
