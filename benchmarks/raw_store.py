"""Direct access to the databases of the service with their drivers."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from hexaccount.accounts.user import User


@dataclass(frozen=True)
class Plan:
    """The query plan of a statement: its steps from the last one to the first, and its faults."""

    steps: str
    faults: tuple[str, ...]


class RawStore(Protocol):
    """A migrated database."""

    def fill(self, users: Iterable[User]) -> None:
        """Store users in the state after a registration, in bulk, and start to count scans."""
        ...

    def count(self, kind: str) -> int:
        """Return the number of `users` or `profiles`."""
        ...

    def plans(self, action: Callable[[], object]) -> list[Plan]:
        """Return the plans of all statements of an action, which must open the store itself."""
        ...

    def scans(self) -> int:
        """Return the number of scans of all users since `fill`, by closed connections."""
        ...

    def cached(self) -> str:
        """Describe the share of reads since `fill` that the database's cache served."""
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
