"""A unit of work in which something happens just before its commit."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from hexaccount.accounts.ports import Profiles, Users
from hexaccount.events.ports import Inbox, Journal
from hexaccount.idempotency.ports import IdempotencyRecords
from hexaccount.sessions.ports import Sessions
from hexaccount.store_kit.unit_of_work import UnitOfWork


class InterruptedWork(UnitOfWork):
    """Does what the unit of work in it does, and something else before the commit of that."""

    def __init__(self, inner: UnitOfWork, before_commit: Callable[[], None]) -> None:
        """Take the work, and what interrupts it; what that raises keeps the commit from happening."""
        self._inner = inner
        self._before_commit = before_commit

    @property
    def users(self) -> Users:
        return self._inner.users

    @property
    def sessions(self) -> Sessions:
        return self._inner.sessions

    @property
    def profiles(self) -> Profiles:
        return self._inner.profiles

    @property
    def journal(self) -> Journal:
        return self._inner.journal

    @property
    def inbox(self) -> Inbox:
        return self._inner.inbox

    @property
    def idempotency_records(self) -> IdempotencyRecords:
        return self._inner.idempotency_records

    def __enter__(self) -> Self:
        self._inner.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._inner.__exit__(kind, error, trace)

    def commit(self) -> None:
        self._before_commit()
        self._inner.commit()
