"""The accounts that can administer the service, of which one is always left."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.errors import LastAdmin
from hexaccount.accounts.user import User
from hexaccount.kernel.records import RecordType
from hexaccount.kernel.unit_of_work import UnitOfWork

_ID = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminRoster:
    """The enabled accounts with the role admin, by their ids in hexadecimal.

    All are in one record, so that two admins who disable each other both write it, and one of them has to read again.
    """

    id: UUID
    account_ids: tuple[str, ...]


ADMIN_ROSTER = RecordType.of(AdminRoster, "admin_roster", kind="list of admins")


class Admins:
    """Keeps the list; who changes whether an account is an enabled admin calls it in the same unit of work."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._records = uow.records(ADMIN_ROSTER)

    def join(self, user: User) -> None:
        """List an account after this unit of work has made it an enabled admin; does nothing for another."""
        # An account without a change is not written, so that another process could disable it meanwhile.
        if user.is_enabled_admin and user.pending:
            self._put(self._listed() | {user.id.hex})

    def leave(self, user: User, *, even_the_last: bool = False) -> None:
        """Take an enabled admin off the list, before it is disabled or removed, or loses the role; raises LastAdmin."""
        if not user.is_enabled_admin:
            return
        others = self._listed() - {user.id.hex}
        if not (others or even_the_last):
            raise LastAdmin
        self._put(others)

    def _listed(self) -> AbstractSet[str]:
        roster = self._records.get(_ID)
        return frozenset() if roster is None else frozenset(roster.account_ids)

    def _put(self, account_ids: AbstractSet[str]) -> None:
        roster = AdminRoster(id=_ID, account_ids=tuple(sorted(account_ids)))
        if self._records.get(_ID) is None:
            self._records.add(roster)
        else:
            self._records.replace(roster)
