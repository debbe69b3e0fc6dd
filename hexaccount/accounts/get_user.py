from dataclasses import dataclass

from hexaccount.accounts.user_reference import get_by_reference
from hexaccount.accounts.views import UserView
from hexaccount.kernel.messages import Query
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory


@dataclass(frozen=True, slots=True, kw_only=True)
class GetUser(Query[UserView]):
    """Get the account with an id, user name or e-mail address."""

    reference: str


def get_user(query: GetUser, *, unit_of_work: UnitOfWorkFactory[UnitOfWork]) -> UserView:
    """Return an account; raises UserNotFound."""
    with unit_of_work() as uow:
        return UserView.of(get_by_reference(uow, query.reference))
