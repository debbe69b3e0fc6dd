"""The file and the state that it describes, shared by all handles of a process."""

import threading
from pathlib import Path

import msgspec

from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.rate_limit import BucketState
from hexaccount_filestore.append_log import AppendLog, create
from hexaccount_filestore.state import State, Transaction


class Database:
    """An open file and its state; every read and write holds `lock`."""

    def __init__(self, path: Path) -> None:
        """Open the file and replay its records."""
        self.lock = threading.RLock()
        self.state = State()
        self.states: dict[str, BucketState] = {}
        self.signals: list[CommitSignal] = []
        self._log = AppendLog(path)
        decoder = msgspec.json.Decoder(Transaction)
        for record in self._log.records:
            self.state.apply(decoder.decode(record))
        self._log.records.clear()
        self.state.fold_all()

    def commit(self, transaction: Transaction) -> None:
        """Write a transaction to the file, then apply it to the state."""
        if transaction != Transaction():
            self._log.append(msgspec.json.encode(transaction))
            self.state.apply(transaction)

    def notify(self) -> None:
        """Give the commit signals of all handles."""
        for signal in list(self.signals):
            signal.give()

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._log.close()


_databases: dict[Path, Database] = {}
_opening = threading.Lock()


class Handle:
    """A reference to a database: the first use opens the database, and closing the last handle closes it."""

    def __init__(self, path: Path) -> None:
        self.commits = CommitSignal()
        self._path = path
        self._database: Database | None = None

    @property
    def database(self) -> Database:
        """The database; raises SchemaMismatch and StoreUnavailable."""
        if self._database is None:
            with _opening:
                if self._database is None:
                    database = _databases.get(self._path) or Database(self._path)
                    _databases[self._path] = database
                    database.signals.append(self.commits)
                    self._database = database
        return self._database

    def create(self) -> None:
        """Create the file if it does not exist."""
        if not self._path.exists():
            create(self._path)
        _ = self.database  # opens it

    def close(self) -> None:
        """Release the database."""
        with _opening:
            database, self._database = self._database, None
            if database is None:
                return
            database.signals.remove(self.commits)
            if not database.signals:
                del _databases[self._path]
                database.close()
