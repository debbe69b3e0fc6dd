from collections.abc import Sequence

from hexaccount.accounts.ports import AccountsUnitOfWork
from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import UserRegistered
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.event import Event


def create_profile(event: UserRegistered, uow: AccountsUnitOfWork, *, clock: Clock) -> None:
    """Create the profile of a newly registered user, unless the user has updated it before this event arrived."""
    if uow.profiles.find(event.user_id) is None:
        uow.profiles.add(Profile.create(event.user_id, clock.now()))


def prefetch_profiles(events: Sequence[Event], uow: AccountsUnitOfWork) -> None:
    """Read the profiles of all these users at once."""
    uow.profiles.prefetch([event.user_id for event in events])
