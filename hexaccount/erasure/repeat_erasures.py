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
from hexaccount.personal_data.key_store import KeyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatErasures(Command[int]):
    """Erase those of some accounts that a restored backup has brought back."""

    account_ids: Sequence[UUID]


def repeat_erasures(
    command: RepeatErasures, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], key_store: KeyStore, eraser: Eraser
) -> int:
    """Return how many accounts were there and are erased now."""
    with unit_of_work() as uow, key_store.unit_of_work() as keys_uow:
        users, keys = uow.records(USERS), keys_uow.records(ACCOUNT_KEYS)
        users.prefetch(command.account_ids)
        keys.prefetch(command.account_ids)
        back = [each for each in command.account_ids if users.get(each) or keys.get(each)]
    for account_id in back:
        eraser.erase(account_id)
    return len(back)


def repeat_listed_erasures(bus: MessageBus) -> int:
    """Repeat all erasures of the list, and return how many accounts were there again."""
    erased, after = 0, None
    while page := bus.handle(ListErasures(after=after)):
        after = page[-1].account_id
        erased += bus.handle(RepeatErasures(account_ids=[each.account_id for each in page]))
    return erased
