from types import TracebackType
from typing import Protocol, Self, TypeVar

from hexaccount.kernel.records import Records, RecordType

R = TypeVar("R")
U_co = TypeVar("U_co", covariant=True)


class UnitOfWork(Protocol):
    """One transaction, made anew for each message.

    Reads see what is committed; an aggregate that was read or added is one object within the unit of work. Writes wait
    for `commit`, which stores the changed aggregates, their events and the deliveries of these events in one
    transaction, or nothing. Leaving the block without `commit` undoes all.

    A room declares the repositories that it uses by a protocol of its own that extends this one.
    """

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def records(self, record_type: RecordType[R]) -> Records[R]:
        """Return the records of one type."""
        ...

    def commit(self) -> None:
        """Store all changes.

        Raises the error of a broken uniqueness rule, StaleVersion when a changed aggregate is not in the store in the
        version in which it was read, and StoreUnavailable.
        """
        ...


class UnitOfWorkFactory(Protocol[U_co]):
    """Begins a unit of work."""

    def __call__(self) -> U_co: ...


class StaleVersion(Exception):
    """Another transaction has changed an aggregate since it was read; reading it again and repeating is safe."""

    code = "conflict"

    def __init__(self, kind: str, key: object) -> None:
        super().__init__(f"the {kind} {key} was changed by another request at the same time; try again")
        self.kind = kind
        self.key = key


class AccountErased(StaleVersion):
    """What a commit was going to record is personal, and the account has just been erased, or was long ago."""


class StoreUnavailable(Exception):
    """The store cannot be reached or does not answer in time; `remedy` says what helps where that is known."""

    def __init__(self, reason: str = "the store cannot be reached at this moment; try again", remedy: str = "") -> None:
        super().__init__(f"{reason}; {remedy}" if remedy else reason)
        self.reason = reason
        self.remedy = remedy


class StoreRefused(StoreUnavailable):
    """The store is reachable and refuses to work until something is changed there or in the settings."""
