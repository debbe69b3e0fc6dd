"""The file and what it tells, kept together, and shared by all handles of a process."""

import threading
from pathlib import Path

import msgspec

from hexaccount.kernel.commit_signal import CommitSignal
from hexaccount.rate_limits.rate_limit import BucketState
from hexaccount_filestore.record_file import RecordFile, create
from hexaccount_filestore.state import State, Step


class Book:
    """An open file and its state; both are read and written under `lock` only."""

    def __init__(self, path: Path) -> None:
        """Open the file, and do again what its records tell."""
        self.lock = threading.RLock()
        self.state = State()
        self.bucket_states: dict[str, BucketState] = {}
        self.signals: list[CommitSignal] = []
        self._file = RecordFile(path)
        decoder = msgspec.json.Decoder(Step)
        for record in self._file.records:
            self.state.apply(decoder.decode(record))
        self._file.records.clear()
        self.state.fold_all()

    def do(self, step: Step) -> None:
        """Write a step and do it: what was written is done, and what is done was written."""
        if step != Step():
            self._file.append(msgspec.json.encode(step))
            self.state.apply(step)

    def tell(self) -> None:
        """Wake all who wait for commits."""
        for signal in list(self.signals):
            signal.give()

    def close(self) -> None:
        """Let go of the file."""
        with self.lock:
            self._file.close()


_books: dict[Path, Book] = {}
_opening = threading.Lock()


class Handle:
    """One user of a book: it opens the book at first use, and the last one to leave closes it."""

    def __init__(self, path: Path) -> None:
        """Take the path of the file."""
        self.commits = CommitSignal()
        self._path = path
        self._book: Book | None = None

    @property
    def book(self) -> Book:
        """Return the book; raises SchemaMismatch and StoreUnavailable."""
        if self._book is None:
            with _opening:
                if self._book is None:
                    book = _books.get(self._path) or Book(self._path)
                    _books[self._path] = book
                    book.signals.append(self.commits)
                    self._book = book
        return self._book

    def create(self) -> None:
        """Make the file where there is none."""
        if not self._path.exists():
            create(self._path)
        _ = self.book

    def close(self) -> None:
        """Leave the book."""
        with _opening:
            book, self._book = self._book, None
            if book is None:
                return
            book.signals.remove(self.commits)
            if not book.signals:
                del _books[self._path]
                book.close()
