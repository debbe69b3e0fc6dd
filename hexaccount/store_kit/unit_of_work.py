from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self, TypeAlias

from hexaccount.accounts.ports import Profiles, Users
from hexaccount.events.ports import Inbox, Journal
from hexaccount.idempotency.ports import IdempotencyRecords
from hexaccount.sessions.ports import Sessions


class UnitOfWork(Protocol):
    """One transaction, made anew for each message.

    Reads see what is committed; an aggregate that was read or added is one object within the unit of work. Writes
    wait for `commit`, which stores the changed aggregates, their events and the deliveries owed for them in one
    transaction, or nothing. Leaving the block without `commit` undoes all.
    """

    @property
    def users(self) -> Users: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def profiles(self) -> Profiles: ...
    @property
    def journal(self) -> Journal: ...
    @property
    def inbox(self) -> Inbox: ...
    @property
    def idempotency_records(self) -> IdempotencyRecords: ...

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def commit(self) -> None:
        """Store all changes.

        Raises UserNameTaken, EmailTaken, AlreadyHandled, StaleVersion when a changed aggregate is not in the store
        in the version in which it was read, and StoreUnavailable.
        """
        ...


UnitOfWorkFactory: TypeAlias = Callable[[], UnitOfWork]
