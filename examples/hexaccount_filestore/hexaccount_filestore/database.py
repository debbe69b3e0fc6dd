"""The file and the state that it describes, shared by all handles of a process."""

import threading
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec

from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.kernel.rate_limit import BucketState
from hexaccount_filestore.append_log import AppendLog, create
from hexaccount_filestore.state import Changes, State

_CHANGES = msgspec.json.Decoder(Changes)


class Database:
    """An open file and its state; every read and write holds `lock`."""

    def __init__(self, path: Path) -> None:
        """Open the file and replay its records."""
        self.lock = threading.RLock()
        self.state = State()
        self.states: dict[str, BucketState] = {}
        self.handles = 0
        self._log = AppendLog(path)
        for record in self._log.records:
            self.state.apply(_CHANGES.decode(record))
        self._log.records.clear()

    def write(self, changes: Changes) -> None:
        """Write changes to the file, then apply what is in the file to the state, as opening the file does."""
        if changes != Changes():
            record = msgspec.json.encode(changes)
            self._log.append(record)
            self.state.apply(_CHANGES.decode(record))

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._log.close()


_databases: dict[Path, Database] = {}
_signals: WeakValueDictionary[Path, CommitSignal] = WeakValueDictionary()
_opening = threading.Lock()


class Handle:
    """A reference to a database: the first use opens the database, and closing the last handle closes it.

    All handles on one file have one signal of commits.
    """

    def __init__(self, path: Path) -> None:
        with _opening:
            self.commits = _signals.setdefault(path, CommitSignal())
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
                    database.handles += 1
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
            database.handles -= 1
            if not database.handles:
                del _databases[self._path]
                database.close()
