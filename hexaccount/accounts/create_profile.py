from collections.abc import Sequence

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.user import UserRegistered
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.event import Event
from hexaccount.store_kit.unit_of_work import UnitOfWork


def create_profile(event: UserRegistered, uow: UnitOfWork, *, clock: Clock) -> None:
    """Give a newly registered user a profile, unless they were faster and began it themselves."""
    if uow.profiles.find(event.user_id) is None:
        uow.profiles.add(Profile.create(event.user_id, clock.now()))


def prefetch_profiles(events: Sequence[Event], uow: UnitOfWork) -> None:
    """Look for the profiles of all newly registered users at once."""
    uow.profiles.prefetch([event.user_id for event in events])
