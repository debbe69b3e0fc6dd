from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.users import Users
from hexaccount.accounts.views import UserView
from hexaccount.kernel.messages import Query
from hexaccount.kernel.pages import LONGEST_PAGE
from hexaccount.kernel.permission import Permission
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory

READ_USERS = Permission("users.read")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """Accounts by ascending id, and the id after which the next page begins, None on the last one."""

    users: Sequence[UserView]
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ListUsers(Query[UserPage]):
    """List up to `limit` accounts (1 to 200) whose ids are above `after`."""

    limit: int = 50
    after: UUID | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.limit <= LONGEST_PAGE:
            raise ValueError(f"limit must be 1 to {LONGEST_PAGE}")


def list_users(query: ListUsers, *, unit_of_work: UnitOfWorkFactory[UnitOfWork]) -> UserPage:
    with unit_of_work() as uow:
        found = Users(uow).page(limit=query.limit + 1, after=query.after)
    users = [UserView.of(user) for user in found[: query.limit]]
    return UserPage(users=users, next=users[-1].id if len(found) > query.limit else None)
