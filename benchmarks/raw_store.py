"""The databases of the service as their own drivers see them, past the service."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from hexaccount.accounts.user import User


@dataclass(frozen=True)
class Plan:
    """What a database does for a statement: its steps, from the last one to the first, and what is wrong with it."""

    steps: str
    faults: tuple[str, ...]


class RawStore(Protocol):
    """A migrated database."""

    def fill(self, users: Iterable[User]) -> None:
        """Store accounts as a registration leaves them, but faster, and begin to watch for scans."""
        ...

    def count(self, kind: str) -> int:
        """Return how many `users` or `profiles` there are."""
        ...

    def plans(self, deed: Callable[[], object]) -> list[Plan]:
        """Return the plans of all that a deed asks, which must open the store itself."""
        ...

    def scans(self) -> int:
        """Return how often all accounts were read since `fill`, by connections that have ended."""
        ...

    def cached(self) -> str:
        """Say how much of what was read since `fill` was in the database's own memory."""
        ...


@contextmanager
def open_raw_store(url: str) -> Iterator[RawStore]:
    """Open the database that a `store` setting names."""
    if urlsplit(url).scheme == "mongodb":
        from benchmarks.raw_mongodb import open_raw_mongodb as open_it
    else:
        from benchmarks.raw_postgresql import open_raw_postgresql as open_it
    with open_it(url) as store:
        yield store
