from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.messages import Query
from hexaccount.kernel.unit_of_work import UnitOfWork, UnitOfWorkFactory
from hexaccount.personal_data.erasures import BY_ACCOUNT, ERASURES, Erasure
from hexaccount.personal_data.key_store import KeyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ListErasures(Query[Sequence[Erasure]]):
    """List up to `limit` erasures, of accounts with ids above `after`, by ascending id."""

    limit: int = 1000
    after: UUID | None = None


def list_erasures(
    query: ListErasures, *, unit_of_work: UnitOfWorkFactory[UnitOfWork], key_store: KeyStore
) -> Sequence[Erasure]:
    with unit_of_work() as uow, key_store.opened(uow) as store:
        return store.records(ERASURES).page(BY_ACCOUNT, limit=query.limit, after=query.after)
