from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.accounts.users import USERS
from hexaccount.erasure.eraser import Eraser
from hexaccount.erasure.list_erasures import ListErasures
from hexaccount.kernel.bus import MessageBus
from hexaccount.kernel.messages import Command
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.account_key import ACCOUNT_KEYS
from hexaccount.personal_data.erasures import Erasure
from hexaccount.personal_data.key_store import KeyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatErasures(Command[int]):
    """Erase those accounts again that a restored backup has brought back."""

    erasures: Sequence[Erasure]


def repeat_erasures(
    command: RepeatErasures, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], key_store: KeyStore, eraser: Eraser
) -> int:
    """Return how many accounts were there and are erased now."""
    stored = set(stored_accounts([each.account_id for each in command.erasures], unit_of_work, key_store))
    back = [each for each in command.erasures if each.account_id in stored]
    for erasure in back:
        eraser.erase(erasure.account_id, erasure.erased_at)
    return len(back)


def stored_accounts(
    account_ids: Sequence[UUID], unit_of_work: UnitOfWorkFactory[UnitOfWork], key_store: KeyStore
) -> Sequence[UUID]:
    """Return those of the accounts that are in the store, or whose keys are."""
    with unit_of_work() as uow, key_store.opened(uow) as store:
        users, keys = uow.records(USERS), store.records(ACCOUNT_KEYS)
        users.prefetch(account_ids)
        keys.prefetch(account_ids)
        return [each for each in account_ids if users.get(each) or keys.get(each)]


def repeat_listed_erasures(bus: MessageBus) -> int:
    """Repeat all erasures of the list, and return how many accounts were there again."""
    erased, after = 0, None
    while page := bus.handle(ListErasures(after=after)):
        after = page[-1].account_id
        erased += bus.handle(RepeatErasures(erasures=page))
    return erased
