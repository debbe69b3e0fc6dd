from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.views import ProfileView
from hexaccount.kernel.messages import Query
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class GetProfile(Query[ProfileView]):
    """Get the profile of an account, which is empty until there is one."""

    user_id: UUID


def get_profile(query: GetProfile, *, unit_of_work: UnitOfWorkFactory[UnitOfWork]) -> ProfileView:
    with unit_of_work() as uow:
        profile = Profiles(uow).find(query.user_id)
    return ProfileView.of(profile) if profile else ProfileView()
