from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from hexaccount.kernel.messages import Query
from hexaccount.personal_data.erasures import BY_ACCOUNT, ERASURES, Erasure
from hexaccount.personal_data.key_store import KeyStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ListErasures(Query[Sequence[Erasure]]):
    """List up to `limit` erasures, of accounts with ids above `after`, by ascending id."""

    limit: int = 1000
    after: UUID | None = None


def list_erasures(query: ListErasures, *, key_store: KeyStore) -> Sequence[Erasure]:
    with key_store.unit_of_work() as uow:
        return uow.records(ERASURES).page(BY_ACCOUNT, limit=query.limit, after=query.after)
