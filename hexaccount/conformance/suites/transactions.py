"""Units of work in one line, for the arrangement and the checks of a test."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import User
from hexaccount.accounts.users import Users
from hexaccount.events.journal_entry import JournalEntry
from hexaccount.events.ports import EventFilter, EventsUnitOfWork
from hexaccount.kernel.aggregate import Aggregate
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.sessions.session import Session
from hexaccount.sessions.sessions import Sessions
from hexaccount.store_kit.store import Store


def add(uow: EventsUnitOfWork, *aggregates: Aggregate) -> None:
    """Add new aggregates to a unit of work."""
    for aggregate in aggregates:
        match aggregate:
            case User():
                Users(uow).add(aggregate)
            case Session():
                Sessions(uow).add(aggregate)
            case Profile():
                Profiles(uow).add(aggregate)


def save(store: Store, *aggregates: Aggregate) -> None:
    """Commit new aggregates in one unit of work."""
    with store.unit_of_work() as uow:
        add(uow, *aggregates)
        uow.commit()


def user_of(store: Store, user_id: UUID) -> User:
    with store.unit_of_work() as uow:
        return Users(uow).get(user_id)


def find_session(store: Store, session_id: UUID) -> Session | None:
    with store.unit_of_work() as uow:
        return Sessions(uow).find(session_id)


def session_of(store: Store, session_id: UUID) -> Session:
    """Return a stored session; the test fails if there is none."""
    found = find_session(store, session_id)
    assert found, f"the session {session_id} is not stored"
    return found


def find_profile(store: Store, user_id: UUID) -> Profile | None:
    with store.unit_of_work() as uow:
        return Profiles(uow).find(user_id)


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
        while page := Users(uow).page(limit=limit, after=found[-1].id if found else None):
            assert not found or page[0].id > found[-1].id, "two pages overlap"
            found += page
    return found


def all_events(store: Store, limit: int = 1000) -> list[JournalEntry]:
    """Return the whole journal, read page by page."""
    found: list[JournalEntry] = []
    while page := store.history.page(EventFilter(), limit=limit, after=found[-1].id if found else None):
        found += page
    return found


def disable(store: Store, user_id: UUID, at: datetime) -> None:
    with store.unit_of_work() as uow:
        Users(uow).get(user_id).disable(at)
        uow.commit()


def enable(store: Store, user_id: UUID, at: datetime) -> None:
    with store.unit_of_work() as uow:
        Users(uow).get(user_id).enable(at)
        uow.commit()


@repeat_when_stale
def replace_hash(store: Store, user_id: UUID, old: str, new: str) -> None:
    with store.unit_of_work() as uow:
        Users(uow).get(user_id).renew_hash(old, new)
        uow.commit()
