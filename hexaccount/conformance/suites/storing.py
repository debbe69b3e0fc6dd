"""A unit of work in one line, for what a test needs around its own."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.sessions.session import Session
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import UnitOfWork


def add(uow: UnitOfWork, *aggregates: Aggregate) -> None:
    """Take new aggregates into a unit of work."""
    for aggregate in aggregates:
        match aggregate:
            case User():
                uow.users.add(aggregate)
            case Session():
                uow.sessions.add(aggregate)
            case Profile():
                uow.profiles.add(aggregate)


def save(store: Store, *aggregates: Aggregate) -> None:
    """Commit new aggregates, all at once."""
    with store.unit_of_work() as uow:
        add(uow, *aggregates)
        uow.commit()


def user_of(store: Store, user_id: UUID) -> User:
    """Return an account as it is stored."""
    with store.unit_of_work() as uow:
        return uow.users.get(user_id)


def session_of(store: Store, session_id: UUID) -> Session | None:
    """Return a login as it is stored."""
    with store.unit_of_work() as uow:
        return uow.sessions.find(session_id)


def profile_of(store: Store, user_id: UUID) -> Profile | None:
    """Return a profile as it is stored."""
    with store.unit_of_work() as uow:
        return uow.profiles.find(user_id)


def journal_of(store: Store, aggregate: Aggregate) -> Sequence[JournalEntry]:
    """Return the journal of an aggregate."""
    with store.unit_of_work() as uow:
        return uow.journal.of(aggregate.kind, aggregate.id)


def all_users(store: Store, limit: int = 100) -> list[User]:
    """Return every account, page by page."""
    found: list[User] = []
    with store.unit_of_work() as uow:
        while page := uow.users.page(limit=limit, after=found[-1].id if found else None):
            assert not found or page[0].id > found[-1].id, "a page begins before the end of the last one"
            found += page
    return found


def disable(store: Store, user_id: UUID, at: datetime) -> None:
    """Commit the locking of an account."""
    with store.unit_of_work() as uow:
        uow.users.get(user_id).disable(at)
        uow.commit()


def replace_hash(store: Store, user_id: UUID, old: str, new: str) -> None:
    """Commit a new password hash."""
    with store.unit_of_work() as uow:
        uow.users.replace_hash(user_id, old=old, new=new)
        uow.commit()
