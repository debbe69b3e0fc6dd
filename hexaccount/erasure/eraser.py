from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from hexaccount.accounts.admins import Admins
from hexaccount.accounts.profiles import Profiles
from hexaccount.accounts.users import Users
from hexaccount.kernel.clock import Clock
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.account_key import ACCOUNT_KEYS
from hexaccount.personal_data.encryption import PersonalData
from hexaccount.personal_data.erasures import ERASURES, Erasure
from hexaccount.sessions.sessions import Sessions


@dataclass(frozen=True, slots=True)
class Eraser:
    """Erases accounts, in two transactions, of which the first makes sure that the second is not forgotten.

    An admin has left the list of admins before, so that no other one relies on an account that is about to go.
    """

    unit_of_work: UnitOfWorkFactory[UnitOfWork]
    personal_data: PersonalData
    clock: Clock

    def erase(self, account_id: UUID, erased_at: datetime | None = None) -> None:
        """Erase an account, or what is left of it; repeatable. Raises KeysElsewhere and LastAdmin.

        erased_at: when it was erased before, if a backup has brought it back; then even the last admin is erased.
        """
        if erased_at is None:
            self._leave_admins(account_id)
        self._list(account_id, erased_at or self.clock.now())
        self.personal_data.cache.remove(account_id)
        self._remove(account_id, even_the_last_admin=erased_at is not None)

    @repeat_when_stale
    def _leave_admins(self, account_id: UUID) -> None:
        with self.unit_of_work() as uow:
            if (user := Users(uow).find(account_id)) is not None:
                Admins(uow).leave(user)
                uow.commit()

    @repeat_when_stale
    def _list(self, account_id: UUID, erased_at: datetime) -> None:
        """Put the account on the list, and remove the key of what is personal in its events."""
        with self.unit_of_work() as uow, self.personal_data.key_store.opened(uow) as store:
            erasures, keys = store.records(ERASURES), store.records(ACCOUNT_KEYS)
            if erasures.get(account_id) is None:
                erasures.add(Erasure(account_id=account_id, erased_at=erased_at))
            if (key := keys.get(account_id)) is not None:
                keys.remove(key)
            uow.commit()

    @repeat_when_stale
    def _remove(self, account_id: UUID, *, even_the_last_admin: bool) -> None:
        """Remove user and profile. The sessions stay until they have ended, without the address and the device."""
        with self.unit_of_work() as uow:
            for session in Sessions(uow).of(account_id):
                session.forget_client()
            users, profiles = Users(uow), Profiles(uow)
            if (profile := profiles.find(account_id)) is not None:
                profiles.remove(profile)
            if (user := users.find(account_id)) is not None:
                Admins(uow).leave(user, even_the_last=even_the_last_admin)
                user.erase(self.clock.now())
                users.remove(user)
            uow.commit()
