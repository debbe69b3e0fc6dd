"""Units of work in one line, for the arrangement and the checks of a test."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import User
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.sessions.session import Session
from hexaccount.store_kit.store import Store
from hexaccount.store_kit.unit_of_work import StoreUnitOfWork


def add(uow: StoreUnitOfWork, *aggregates: Aggregate) -> None:
    """Add new aggregates to a unit of work."""
    for aggregate in aggregates:
        match aggregate:
            case User():
                uow.users.add(aggregate)
            case Session():
                uow.sessions.add(aggregate)
            case Profile():
                uow.profiles.add(aggregate)


def save(store: Store, *aggregates: Aggregate) -> None:
    """Commit new aggregates in one unit of work."""
    with store.unit_of_work() as uow:
        add(uow, *aggregates)
        uow.commit()


def user_of(store: Store, user_id: UUID) -> User:
    with store.unit_of_work() as uow:
        return uow.users.get(user_id)


def find_session(store: Store, session_id: UUID) -> Session | None:
    with store.unit_of_work() as uow:
        return uow.sessions.find(session_id)


def session_of(store: Store, session_id: UUID) -> Session:
    """Return a stored session; the test fails if there is none."""
    found = find_session(store, session_id)
    assert found, f"the session {session_id} is not stored"
    return found


def find_profile(store: Store, user_id: UUID) -> Profile | None:
    with store.unit_of_work() as uow:
        return uow.profiles.find(user_id)


def profile_of(store: Store, user_id: UUID) -> Profile:
    """Return a stored profile; the test fails if there is none."""
    found = find_profile(store, user_id)
    assert found, f"the profile {user_id} is not stored"
    return found


def journal_of(store: Store, aggregate: Aggregate) -> Sequence[JournalEntry]:
    with store.unit_of_work() as uow:
        return uow.journal.of(aggregate.kind, aggregate.id)


def all_users(store: Store, limit: int = 100) -> list[User]:
    """Return all accounts, read page by page."""
    found: list[User] = []
    with store.unit_of_work() as uow:
        while page := uow.users.page(limit=limit, after=found[-1].id if found else None):
            assert not found or page[0].id > found[-1].id, "two pages overlap"
            found += page
    return found


def disable(store: Store, user_id: UUID, at: datetime) -> None:
    with store.unit_of_work() as uow:
        uow.users.get(user_id).disable(at)
        uow.commit()


def replace_hash(store: Store, user_id: UUID, old: str, new: str) -> None:
    with store.unit_of_work() as uow:
        uow.users.replace_hash(user_id, old=old, new=new)
        uow.commit()
