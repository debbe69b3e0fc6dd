from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.messages import Command
from hexaccount.kernel.repetition import repeat_when_stale
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.account_key import ACCOUNT_KEYS, BY_ACCOUNT
from hexaccount.personal_data.key_store import KeyStore
from hexaccount.personal_data.ports import AccountCipher

_BATCH = 1000


@dataclass(frozen=True, slots=True)
class Rewrapped:
    """How many keys a step has encrypted anew, and the account after which to go on; None at the end."""

    keys: int
    next: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RewrapAccountKeys(Command[Rewrapped]):
    """Of the next 1,000 account keys, encrypt those anew that are encrypted under a former root key."""

    after: UUID | None = None


@repeat_when_stale
def rewrap_account_keys(
    command: RewrapAccountKeys,
    *,
    unit_of_work: UnitOfWorkFactory[UnitOfWork],
    key_store: KeyStore,
    cipher: AccountCipher,
) -> Rewrapped:
    """Encrypt account keys under the current root key, in one short transaction; raises LostRootKey."""
    with unit_of_work() as uow, key_store.opened(uow) as store:
        records = store.records(ACCOUNT_KEYS)
        page = records.page(BY_ACCOUNT, limit=_BATCH, after=command.after)
        rewrapped = [(key, cipher.rewrap(key)) for key in page]
        changed = [new for old, new in rewrapped if new is not old]
        for key in changed:
            records.replace(key)
        uow.commit()
    return Rewrapped(len(changed), page[-1].account_id if len(page) == _BATCH else None)
