from collections.abc import Sequence

from hexaccount.accounts.profile import Profile
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.user import UserRegistered
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.event import Event
from hexaccount.kernel.unit_of_work import UnitOfWork


def create_profile(event: UserRegistered, uow: UnitOfWork, *, clock: Clock) -> None:
    """Create the profile of a newly registered user, unless the user has updated it before this event arrived."""
    if Profiles(uow).find(event.user_id) is None:
        Profiles(uow).add(Profile.create(event.user_id, clock.now()))


def prefetch_profiles(events: Sequence[Event], uow: UnitOfWork) -> None:
    """Read the profiles of all these users at once."""
    Profiles(uow).prefetch([event.user_id for event in events])
